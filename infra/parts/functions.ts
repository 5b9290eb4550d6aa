import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { MAIL_PREFIX, READY_SUFFIX, SHARE_PREFIX } from '../../core/storage-keys.js';
import { acknowledge } from '../acknowledge.js';
import { bucketNames, MARKS_BUS } from '../names.js';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { allow, allowMany, grantSecret } from './grants.js';
import { CONFIGURATION_SET, type Mail } from './mail.js';
import { marksPattern } from './marks-pattern.js';
import { functionEnvironment } from './process-environment.js';

export interface Functions {
  onReady: lambda.Function;
  onFeedback: lambda.Function;
  /** Marks whose mails could not be sent, after all tries. */
  lostMarks: sqs.Queue;
  logGroups: logs.LogGroup[];
}

/** The two functions: one mails what is due behind a ready mark, one reads what became of mails. */
export function createFunctions(
  scope: Stack,
  settings: Settings,
  data: Data,
  { mail, portalUrl }: { mail: Mail; portalUrl: string },
): Functions {
  const lostMarks = new sqs.Queue(scope, 'LostMarks', {
    encryptionMasterKey: data.key,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(lostMarks, { 'AwsSolutions-SQS3': 'It is where what could not be mailed ends.' });

  const ready = createFunction(scope, settings, data, 'on-ready', {
    timeout: Duration.minutes(2),
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
    onFailure: new SqsDestination(lostMarks),
    // With 1 connection each, so that a burst of marks does not use up the database's.
    ...(settings.reservesFunctions && { reservedConcurrentExecutions: 10 }),
    environment: {
      ...functionEnvironment(data),
      PORTAL_URL: portalUrl,
      SES_FROM: settings.mailFrom,
      SES_CONFIGURATION_SET: CONFIGURATION_SET,
      SES_MAX_SEND_RATE: String(settings.mailsPerSecond),
      SECRET_IDS: data.secrets.links.secretArn,
      // Without endpoints the functions have IPv6 alone, and this is the name under which SES answers on it.
      ...(settings.size === 'small' && { SES_ENDPOINT: `https://email.${settings.region}.api.aws` }),
    },
  });
  grantSecret(ready.role, data.secrets.links, data);
  allow(
    ready.role,
    ['ses:SendRawEmail'],
    [`identity/${mail.identity}`, `configuration-set/${CONFIGURATION_SET}`].map(
      (name) => `arn:aws:ses:${settings.region}:${settings.account}:${name}`,
    ),
    { StringEquals: { 'ses:FromAddress': settings.mailFrom } },
  );
  acknowledge(ready.role, {
    'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]':
      'Writing to the encrypted queue of lost marks, by our own key.',
    'AwsSolutions-IAM5[Action::kms:ReEncrypt*]':
      'Writing to the encrypted queue of lost marks, by our own key.',
  });
  startOnMarks(scope, settings, ready.function, lostMarks);

  const feedback = createFunction(scope, settings, data, 'on-feedback', {
    timeout: Duration.minutes(1),
    environment: functionEnvironment(data),
  });
  feedback.function.addEventSource(
    new SqsEventSource(mail.feedback, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 2 }),
  );
  return {
    onReady: ready.function,
    onFeedback: feedback.function,
    lostMarks,
    logGroups: [ready.logGroup, feedback.logGroup],
  };
}

/** The first bucket tells the function itself; another region's marks come over the bus. */
function startOnMarks(
  scope: Stack,
  settings: Settings,
  onReady: lambda.Function,
  lostMarks: sqs.Queue,
): void {
  const bucket = s3.Bucket.fromBucketName(scope, 'FilesBucket', bucketNames.files(settings));
  for (const prefix of [SHARE_PREFIX, MAIL_PREFIX]) {
    bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new LambdaDestination(onReady), {
      prefix,
      suffix: READY_SUFFIX,
    });
  }
  const handler = scope.node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
  if (!handler) throw new Error('the CDK configures notifications by a function of its own');
  acknowledge(handler, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      "A function of the CDK's own: it writes its log, and configures this one bucket.",
  });
  const { account, replicaRegion } = settings;
  if (!replicaRegion) return;
  const key = events.EventField.fromPath('$.detail.object.key');
  new events.Rule(scope, 'ReplicaMarks', {
    description: 'Ready marks of the second region',
    eventBus: events.EventBus.fromEventBusName(scope, 'MarksBus', MARKS_BUS),
    eventPattern: marksPattern(bucketNames.files({ account, region: replicaRegion })),
    targets: [
      new targets.LambdaFunction(onReady, {
        // In the form of an event of S3; keys of marks hold nothing that would be encoded there.
        event: events.RuleTargetInput.fromObject({ Records: [{ s3: { object: { key } } }] }),
        deadLetterQueue: lostMarks,
      }),
    ],
  });
}

type FunctionOptions = Pick<
  lambda.FunctionProps,
  'timeout' | 'environment' | 'retryAttempts' | 'maxEventAge' | 'onFailure' | 'reservedConcurrentExecutions'
>;

function createFunction(
  scope: Stack,
  settings: Settings,
  data: Data,
  name: string,
  options: FunctionOptions,
): { function: lambda.Function; role: iam.Role; logGroup: logs.LogGroup } {
  const id = name === 'on-ready' ? 'OnReady' : 'OnFeedback';
  const logGroup = new logs.LogGroup(scope, `${id}Log`, {
    logGroupName: `/aws/lambda/passalong-${name}`,
    encryptionKey: data.key,
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  logGroup.grantWrite(role);
  grantInterfaces(role);
  grantSecret(role, data.database.secret, data);
  const made = new lambda.Function(scope, id, {
    functionName: `passalong-${name}`,
    code: lambda.Code.fromAsset(`${settings.functionsPath}/${name}.zip`),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: 512,
    role,
    logGroup,
    vpc: data.network.vpc,
    vpcSubnets: { subnetGroupName: 'private' },
    securityGroups: [data.network.groups.functions],
    ipv6AllowedForDualStack: settings.size === 'small',
    ...options,
  });
  return { function: made, role, logGroup };
}

/** A function in a network, with a role of its own, is given no right to its network interfaces by anybody else. */
function grantInterfaces(role: iam.Role): void {
  allowMany(
    role,
    'Network interfaces have no ARN before they are made.',
    [
      ...['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'],
      ...['ec2:DescribeSubnets', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'],
    ],
    ['*'],
  );
}
