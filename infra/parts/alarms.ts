import { Aws, type Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Settings } from '../settings.js';

/** A figure, and what it means that it passes its threshold. */
export interface Alarm {
  id: string;
  says: string;
  metric: cloudwatch.IMetric;
  threshold: number;
  periods?: number;
  isBelow?: boolean;
  /** What it means that nothing is measured: all is well, unless said otherwise. */
  silence?: cloudwatch.TreatMissingData;
}

/** Where alarms and costs are told; a person reads it as mail. */
export function createAlarmTopic(
  scope: Stack,
  { alarmEmail }: Pick<Settings, 'alarmEmail'>,
  key: kms.IKey,
): sns.Topic {
  const topic = new sns.Topic(scope, 'Alarms', { masterKey: key, enforceSSL: true });
  topic.addSubscription(new EmailSubscription(alarmEmail));
  for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']) {
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(service)],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
  }
  return topic;
}

/** Told when it begins and when it is over. */
export function createAlarm(scope: Stack, alarm: Alarm, topic: sns.ITopic): cloudwatch.Alarm {
  const made = new cloudwatch.Alarm(scope, `Alarm-${alarm.id}`, {
    alarmName: `passalong-${alarm.id}`,
    alarmDescription: `Passalong: ${alarm.says}. See docs/deploy-aws.md.`,
    metric: alarm.metric,
    threshold: alarm.threshold,
    evaluationPeriods: alarm.periods ?? 1,
    comparisonOperator: alarm.isBelow
      ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
      : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: alarm.silence ?? cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  made.addAlarmAction(new SnsAction(topic));
  made.addOkAction(new SnsAction(topic));
  return made;
}
