import { Duration, type Stack } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { createAlarm, createAlarmTopic, type Alarm } from './alarms.js';
import type { Functions } from './functions.js';
import type { Mail } from './mail.js';

const METRICS = 'Passalong';

/** What the worker's reconciler logs where shares have waited for too long. */
export const WAITING_MESSAGE = 'shares are waiting';

/** SES looks at an account at 5 and at 0.1 %; our own alarms come before that. */
const BOUNCES_AT_MOST = 0.03;
const COMPLAINTS_AT_MOST = 0.0008;

export interface Watched {
  data: Data;
  mail: Mail;
  functions: Functions;
  /** The log of the processes. */
  log: logs.LogGroup;
  /** The machine of the small size, or the groups of the large one and how many machines each must have. */
  machine: ec2.IInstance | null;
  groups: Readonly<Record<string, { group: autoscaling.AutoScalingGroup; atLeast: number }>>;
}

/** Alarms by mail, a page that shows the same figures, and a word before the month's costs pass the budget. */
export function createWatch(scope: Stack, settings: Settings, watched: Watched): sns.Topic {
  const topic = createAlarmTopic(scope, settings, watched.data.key);
  const made = [...commonAlarms(watched), ...machineAlarms(watched)].map((alarm) =>
    createAlarm(scope, alarm, topic),
  );
  new cloudwatch.Dashboard(scope, 'Dashboard', {
    dashboardName: 'passalong',
    widgets: inRows(
      made.map((alarm) => new cloudwatch.AlarmWidget({ title: alarm.alarmName, alarm, width: 8, height: 5 })),
    ),
  });
  createBudget(scope, settings, topic);
  return topic;
}

function commonAlarms({ data, mail, functions, log }: Watched): Alarm[] {
  const depth = (queue: sqs.Queue): cloudwatch.IMetric =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(5) });
  const { instance } = data.database;
  const reputation = (metricName: string): cloudwatch.IMetric =>
    new cloudwatch.Metric({
      namespace: 'AWS/SES',
      metricName,
      statistic: 'Average',
      period: Duration.hours(1),
    });
  const isError = logs.FilterPattern.numberValue('$.level', '>=', 50);
  for (const each of functions.logGroups) countLines(each, 'Errors', isError);
  const errors = countLines(log, 'Errors', isError);
  const waiting = countLines(
    log,
    'SharesWaiting',
    logs.FilterPattern.stringValue('$.msg', '=', WAITING_MESSAGE),
  );
  return [
    {
      id: 'lost-marks',
      says: 'mails were not sent after all tries',
      metric: depth(functions.lostMarks),
      threshold: 1,
    },
    {
      id: 'lost-feedback',
      says: 'news of mails could not be read',
      metric: depth(mail.lostFeedback),
      threshold: 1,
    },
    {
      id: 'old-feedback',
      says: 'news of mails has waited for a quarter of an hour',
      metric: mail.feedback.metricApproximateAgeOfOldestMessage({
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      threshold: 900,
    },
    {
      id: 'bounces',
      says: 'too many mails come back',
      metric: reputation('Reputation.BounceRate'),
      threshold: BOUNCES_AT_MOST,
    },
    {
      id: 'complaints',
      says: 'too many people complain',
      metric: reputation('Reputation.ComplaintRate'),
      threshold: COMPLAINTS_AT_MOST,
    },
    {
      id: 'shares-waiting',
      says: 'the oldest share waits for too long',
      metric: waiting,
      threshold: 1,
      periods: 3,
    },
    { id: 'errors', says: 'something was logged that needs a person', metric: errors, threshold: 1 },
    {
      id: 'function-errors',
      says: 'the mailing function fails',
      metric: functions.onReady.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
    },
    {
      id: 'database-full',
      says: 'the database has less than 2 GB left',
      metric: instance.metricFreeStorageSpace({ statistic: 'Minimum', period: Duration.minutes(5) }),
      threshold: 2 * 1024 ** 3,
      isBelow: true,
      silence: cloudwatch.TreatMissingData.BREACHING,
    },
    {
      id: 'database-busy',
      says: 'the database is busy',
      metric: instance.metricCPUUtilization({ period: Duration.minutes(5) }),
      threshold: 80,
      periods: 3,
    },
    {
      id: 'database-connections',
      says: 'the database is almost out of connections',
      metric: instance.metricDatabaseConnections({ statistic: 'Maximum', period: Duration.minutes(5) }),
      threshold: 70,
    },
  ];
}

/** A group that is smaller than it should be. One machine of its own tells by its status checks. */
function machineAlarms({ groups, machine }: Watched): Alarm[] {
  const period = Duration.minutes(1);
  if (machine) {
    return [
      {
        id: 'machine',
        says: 'the machine does not answer',
        metric: new cloudwatch.Metric({
          namespace: 'AWS/EC2',
          metricName: 'StatusCheckFailed',
          dimensionsMap: { InstanceId: machine.instanceId },
          statistic: 'Maximum',
          period: Duration.minutes(5),
        }),
        threshold: 1,
        periods: 2,
        silence: cloudwatch.TreatMissingData.BREACHING,
      },
    ];
  }
  return Object.entries(groups).map(([kind, { group, atLeast }]) => ({
    id: `machines-${kind}`,
    says: `too few machines run: ${kind}`,
    metric: new cloudwatch.Metric({
      namespace: 'AWS/AutoScaling',
      metricName: 'GroupInServiceInstances',
      dimensionsMap: { AutoScalingGroupName: group.autoScalingGroupName },
      statistic: 'Minimum',
      period,
    }),
    threshold: atLeast,
    periods: 10,
    isBelow: true,
    silence: cloudwatch.TreatMissingData.BREACHING,
  }));
}

/** How many lines of a log match, as a metric that all logs add to. */
function countLines(
  log: logs.LogGroup,
  metricName: string,
  filterPattern: logs.IFilterPattern,
): cloudwatch.IMetric {
  return new logs.MetricFilter(log, metricName, {
    logGroup: log,
    metricNamespace: METRICS,
    metricName,
    filterPattern,
    metricValue: '1',
  }).metric({ statistic: 'Sum', period: Duration.minutes(5) });
}

function inRows(widgets: cloudwatch.IWidget[]): cloudwatch.IWidget[][] {
  const rows: cloudwatch.IWidget[][] = [];
  for (let first = 0; first < widgets.length; first += 3) rows.push(widgets.slice(first, first + 3));
  return rows;
}

function createBudget(scope: Stack, { budgetUsd }: Settings, topic: sns.ITopic): void {
  const subscribers = [{ subscriptionType: 'SNS', address: topic.topicArn }];
  new budgets.CfnBudget(scope, 'Budget', {
    budget: {
      budgetName: 'passalong',
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: budgetUsd, unit: 'USD' },
    },
    notificationsWithSubscribers: [
      { notificationType: 'ACTUAL', threshold: 80 },
      { notificationType: 'FORECASTED', threshold: 100 },
    ].map((notification) => ({
      notification: { ...notification, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
      subscribers,
    })),
  });
}
