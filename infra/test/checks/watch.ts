import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { LOG_GROUP } from '../../stacks/app-stack.js';
import { WAITING_MESSAGE } from '../../parts/watch.js';
import { findScripts } from '../plans.js';
import { readDocument } from '../statements.js';
import type { Synthesis } from '../synthesize.js';
import { asText, findAll, findOne, type Found } from '../templates.js';
import { always, only } from './check.js';

/** What lambda/on-feedback reads, by the names that SES gives when it is asked for them. */
const EVENTS = ['BOUNCE', 'COMPLAINT', 'DELIVERY', 'DELIVERY_DELAY', 'REJECT', 'SEND'];

export const watchChecks = [
  always(
    'every alarm reaches a topic that CloudWatch may write to, and a person behind it',
    ({ templates, settings }) => {
      for (const { stack, Properties } of findAll(templates, 'AWS::CloudWatch::Alarm')) {
        const own = { [stack]: templates[stack] ?? { Resources: {} } };
        const [topic] = (Properties['AlarmActions'] as unknown[]).map(asText);
        const policy = findOne(own, 'AWS::SNS::TopicPolicy', topic?.slice(1, -1));
        const writers = readDocument(policy.Properties['PolicyDocument']).flatMap(
          ({ principals }) => principals,
        );
        expect(writers).toEqual(
          expect.arrayContaining(['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']),
        );
        const subscription = findOne(own, 'AWS::SNS::Subscription', '"email"');
        expect(subscription.Properties['Endpoint']).toBe(settings.alarmEmail);
        expect(asText(subscription.Properties['TopicArn'])).toBe(topic);
      }
    },
  ),

  always(
    'what is lost on the way to a mail, or back, raises an alarm at the first message',
    ({ templates }) => {
      for (const [name, queue] of [
        ['lost-marks', 'LostMarks'],
        ['lost-feedback', 'LostFeedback'],
      ] as const) {
        const { Properties } = alarm(templates, name);
        expect(JSON.stringify(Properties['Dimensions'])).toContain(queue);
        expect(Properties['MetricName']).toBe('ApproximateNumberOfMessagesVisible');
        expect(Properties['Threshold']).toBe(1);
      }
    },
  ),

  always(
    'bounces at 3 % and complaints at 0.08 % raise an alarm, before SES looks at the account',
    ({ templates }) => {
      expect(alarm(templates, 'bounces').Properties).toMatchObject({
        MetricName: 'Reputation.BounceRate',
        Threshold: 0.03,
      });
      expect(alarm(templates, 'complaints').Properties).toMatchObject({
        MetricName: 'Reputation.ComplaintRate',
        Threshold: 0.0008,
      });
    },
  ),

  always('a line of level error of any process or function raises an alarm', ({ templates }) => {
    const filters = findAll(templates, 'AWS::Logs::MetricFilter').filter(({ Properties }) =>
      JSON.stringify(Properties['MetricTransformations']).includes('"Errors"'),
    );
    expect(filters.map(({ Properties }) => asText(Properties['LogGroupName']).slice(1, 8)).sort()).toEqual([
      'OnFeedb',
      'OnReady',
      'Process',
    ]);
    for (const { Properties } of filters) expect(Properties['FilterPattern']).toBe('{ $.level >= 50 }');
    expect(alarm(templates, 'errors').Properties).toMatchObject({
      Namespace: 'Passalong',
      MetricName: 'Errors',
      Threshold: 1,
    });
  }),

  always('shares that wait raise an alarm, by the very words that the worker logs', ({ templates }) => {
    const reconciler = readFileSync(new URL('../../../core/shares/reconcile.ts', import.meta.url), 'utf8');
    expect(reconciler).toContain(`'${WAITING_MESSAGE}'`);
    const filter = findOne(templates, 'AWS::Logs::MetricFilter', 'SharesWaiting');
    expect(filter.Properties['FilterPattern']).toBe(`{ $.msg = "${WAITING_MESSAGE}" }`);
    expect(asText(filter.Properties['LogGroupName'])).toContain('ProcessLog');
    expect(alarm(templates, 'shares-waiting').Properties['MetricName']).toBe('SharesWaiting');
  }),

  always('machines write the log that is watched', ({ templates }) => {
    expect(findOne(templates, 'AWS::Logs::LogGroup', LOG_GROUP).id).toContain('ProcessLog');
    for (const { plan } of findScripts(templates)) expect(plan.logGroup).toContain('ProcessLog');
  }),

  only('ha', 'a group with too few machines raises an alarm', ({ templates }) => {
    for (const kind of ['web', 'worker', 'bot']) {
      const { Properties } = alarm(templates, `machines-${kind}`);
      expect(Properties).toMatchObject({
        MetricName: 'GroupInServiceInstances',
        Threshold: 2,
        TreatMissingData: 'breaching',
      });
      expect(Properties['ComparisonOperator']).toBe('LessThanThreshold');
    }
  }),

  only('small', 'a machine that does not answer raises an alarm', ({ templates }) => {
    expect(alarm(templates, 'machine').Properties).toMatchObject({
      MetricName: 'StatusCheckFailed',
      TreatMissingData: 'breaching',
    });
  }),

  always(
    'SES tells of every event that on-feedback reads, by a topic that its queue hears',
    ({ templates }) => {
      const { Properties } = findOne(templates, 'AWS::SES::ConfigurationSetEventDestination');
      const destination = Properties['EventDestination'] as {
        MatchingEventTypes: string[];
        SnsDestination: { TopicARN: unknown };
      };
      expect(
        destination.MatchingEventTypes.map((name) =>
          name.toUpperCase().replace('DELIVERYDELAY', 'DELIVERY_DELAY'),
        ).sort(),
      ).toEqual(EVENTS);
      const topic = asText(destination.SnsDestination.TopicARN);
      const subscription = findOne(templates, 'AWS::SNS::Subscription', '"sqs"');
      expect(asText(subscription.Properties['TopicArn'])).toBe(topic);
      expect(asText(subscription.Properties['Endpoint'])).toContain('Feedback');
      const policy = findOne(templates, 'AWS::SQS::QueuePolicy', topic.slice(1, -1));
      expect(JSON.stringify(policy.Properties)).toContain('sns.amazonaws.com');
    },
  ),

  always('a month that would pass its budget is told before it does', ({ templates, settings }) => {
    const { Properties } = findOne(templates, 'AWS::Budgets::Budget');
    expect(JSON.stringify(Properties['Budget'])).toContain(`"Amount":${settings.budgetUsd}`);
    expect((Properties['NotificationsWithSubscribers'] as unknown[]).length).toBe(2);
  }),
];

function alarm(templates: Synthesis['templates'], name: string): Found {
  return findOne(templates, 'AWS::CloudWatch::Alarm', `"passalong-${name}"`);
}
