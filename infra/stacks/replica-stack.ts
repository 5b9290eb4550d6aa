import { Duration, Stack, type App } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { acknowledge } from '../acknowledge.js';
import { bucketNames, MARKS_BUS, REPLICA_KEY_ALIAS, STACKS } from '../names.js';
import { createAlarm, createAlarmTopic } from '../parts/alarms.js';
import { createEncryptionKey } from '../parts/encryption-key.js';
import { marksPattern } from '../parts/marks-pattern.js';
import { createFilesBucket, createLogBucket } from '../parts/storage.js';
import type { Settings } from '../settings.js';
import { portalOrigin } from './data-stack.js';

/**
 * The second bucket, in another region. The product writes both itself (RAID-1). Where the first bucket is down the
 * ready mark is written here, and its event goes to the function in the first region.
 */
export function createReplicaStack(app: App, settings: Settings, region: string): Stack {
  const { account } = settings;
  const stack = new Stack(app, STACKS.replica, { env: { account, region }, terminationProtection: true });
  const key = createEncryptionKey(stack, 'Key', REPLICA_KEY_ALIAS);
  const logs = createLogBucket(stack, { account, region });
  const files = createFilesBucket(stack, { account, region }, { key, logs, origin: portalOrigin(settings) });
  sendEvents(files);

  const lost = new sqs.Queue(stack, 'LostMarks', {
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(lost, { 'AwsSolutions-SQS3': 'It is where what could not be delivered ends.' });
  createAlarm(
    stack,
    {
      id: 'replica-lost-marks',
      says: 'marks of the second region did not reach the first',
      metric: lost.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      threshold: 1,
    },
    createAlarmTopic(stack, settings, key),
  );
  const bus = events.EventBus.fromEventBusArn(
    stack,
    'MarksBus',
    `arn:aws:events:${settings.region}:${account}:event-bus/${MARKS_BUS}`,
  );
  new events.Rule(stack, 'Marks', {
    description: 'Ready marks of this region',
    eventPattern: marksPattern(bucketNames.files({ account, region })),
    targets: [new targets.EventBus(bus, { deadLetterQueue: lost })],
  });
  return stack;
}

/** By the bucket's own property: the CDK's way would bring a function that may configure it. */
function sendEvents(bucket: s3.Bucket): void {
  const resource = bucket.node.defaultChild as s3.CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}
