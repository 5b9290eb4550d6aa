import { expect } from 'vitest';
import {
  MAIL_PREFIX,
  mailReadyKey,
  newObjectKey,
  parseReadyKey,
  READY_SUFFIX,
  SHARE_PREFIX,
  shareReadyKey,
} from '../../../core/storage-keys.js';
import { bucketNames, MARKS_BUS } from '../../names.js';
import { may, roleOf } from '../statements.js';
import { asText, findAll, findOne } from '../templates.js';
import { always, only } from './check.js';

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const MARKS = [shareReadyKey(ID), mailReadyKey(ID)];

interface Filter {
  Events: string[];
  Filter: { Key: { FilterRules: { Name: string; Value: string }[] } };
  LambdaFunctionArn: unknown;
}

export const markChecks = [
  always(
    'the bucket starts on-ready for ready marks of shares and of mails, and for no file',
    ({ templates, settings }) => {
      const { Properties } = findOne(templates, 'Custom::S3BucketNotifications');
      expect(Properties['BucketName']).toBe(bucketNames.files(settings));
      const { LambdaFunctionConfigurations: filters } = Properties['NotificationConfiguration'] as {
        LambdaFunctionConfigurations: Filter[];
      };
      const starts = (key: string): boolean => filters.some((filter) => matches(filter, key));
      expect(filters.map(({ Filter }) => Filter.Key.FilterRules.map(({ Value }) => Value).sort())).toEqual([
        [READY_SUFFIX, SHARE_PREFIX].sort(),
        [READY_SUFFIX, MAIL_PREFIX].sort(),
      ]);
      expect(MARKS.filter(starts)).toEqual(MARKS);
      expect(starts(newObjectKey(ID))).toBe(false);
      for (const { Events, LambdaFunctionArn } of filters) {
        expect(Events).toEqual(['s3:ObjectCreated:*']);
        expect(asText(LambdaFunctionArn)).toContain('OnReady');
      }
    },
  ),

  always('S3 may start on-ready for this one bucket of this account', ({ templates, settings }) => {
    const { Properties } = findOne(templates, 'AWS::Lambda::Permission', 's3.amazonaws.com');
    expect(asText(Properties['FunctionName'])).toContain('OnReady');
    expect(asText(Properties['SourceArn'])).toContain(bucketNames.files(settings));
    expect(Properties['SourceAccount']).toBe(settings.account);
  }),

  always('a mark whose mails cannot be sent ends in a queue that on-ready may write to', ({ templates }) => {
    const { Properties } = findOne(templates, 'AWS::Lambda::EventInvokeConfig');
    const destination = asText(
      (Properties['DestinationConfig'] as { OnFailure: { Destination: unknown } }).OnFailure.Destination,
    );
    const queue = /<(LostMarks\w+)\.Arn>/.exec(destination)?.[1];
    expect(queue).toBeDefined();
    const role = roleOf(templates, findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"'));
    expect(may(templates, role, 'sqs:SendMessage', queue)).toBe(true);
    expect(may(templates, role, 'kms:GenerateDataKey')).toBe(true);
    expect(Properties['MaximumRetryAttempts']).toBe(2);
  }),

  only(
    'ha',
    'the second bucket tells EventBridge, and its marks go to the bus of the first region',
    ({ templates, settings }) => {
      const replica = { 'passalong-replica': templates['passalong-replica'] ?? { Resources: {} } };
      const bucket = findOne(replica, 'AWS::S3::Bucket', 'passalong-files');
      expect(bucket.Properties['NotificationConfiguration']).toEqual({
        EventBridgeConfiguration: { EventBridgeEnabled: true },
      });
      const rule = findOne(replica, 'AWS::Events::Rule');
      expect(matchedKeys(rule.Properties['EventPattern'])).toEqual([SHARE_PREFIX, MAIL_PREFIX].map(wildcard));
      const [target] = rule.Properties['Targets'] as { Arn: unknown; DeadLetterConfig: unknown }[];
      expect(asText(target?.Arn)).toBe(
        `arn:aws:events:${settings.region}:${settings.account}:event-bus/${MARKS_BUS}`,
      );
      expect(target?.DeadLetterConfig).toBeDefined();
      expect(findOne(templates, 'AWS::Events::EventBus').Properties['Name']).toBe(MARKS_BUS);
    },
  ),

  only('ha', 'on-ready is given marks of the second region in a form that it reads', ({ templates }) => {
    const app = { 'passalong-app': templates['passalong-app'] ?? { Resources: {} } };
    const rule = findOne(app, 'AWS::Events::Rule');
    expect(rule.Properties['EventBusName']).toBe(MARKS_BUS);
    expect(matchedKeys(rule.Properties['EventPattern'])).toEqual([SHARE_PREFIX, MAIL_PREFIX].map(wildcard));
    const [target] = rule.Properties['Targets'] as {
      Arn: unknown;
      DeadLetterConfig: unknown;
      InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string };
    }[];
    expect(asText(target?.Arn)).toContain('OnReady');
    expect(target?.DeadLetterConfig).toBeDefined();
    const [[name, path] = ['', '']] = Object.entries(target?.InputTransformer.InputPathsMap ?? {});
    expect(path).toBe('$.detail.object.key');
    const text = target?.InputTransformer.InputTemplate.replace(
      `<${name}>`,
      JSON.stringify(shareReadyKey(ID)),
    );
    const event = JSON.parse(text ?? '') as { Records: { s3: { object: { key: string } } }[] };
    expect(parseReadyKey(event.Records[0]?.s3.object.key ?? '')).toEqual({ shareId: ID });
  }),

  always('nobody but on-ready is started by marks', ({ templates }) => {
    const permitted = findAll(templates, 'AWS::Lambda::Permission').map(({ Properties }) =>
      asText(Properties['FunctionName']),
    );
    expect(permitted.every((name) => name.includes('OnReady'))).toBe(true);
  }),
];

function matches({ Filter }: Filter, key: string): boolean {
  return Filter.Key.FilterRules.every(({ Name, Value }) =>
    Name.toLowerCase() === 'prefix' ? key.startsWith(Value) : key.endsWith(Value),
  );
}

function matchedKeys(pattern: unknown): unknown {
  return (pattern as { detail: { object: { key: unknown } } }).detail.object.key;
}

function wildcard(prefix: string): { wildcard: string } {
  return { wildcard: `${prefix}*${READY_SUFFIX}` };
}
