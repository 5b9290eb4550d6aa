import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { synthesisOf, synthesize } from './synthesize.js';

describe('the synthesis', () => {
  it.each(['small', 'ha'] as const)('has no finding without a reason, warnings included: %s', (size) => {
    const found = synthesisOf(size).report.pluginReports.flatMap(({ pluginName, violations }) =>
      violations.map(({ ruleName }) => `${pluginName}: ${ruleName}`),
    );
    expect(found).toEqual([]);
  });

  it('fails where cdk-nag finds what nobody gave a reason for', () => {
    const addOpenBucket = (): unknown =>
      synthesize('small', {}, ([stack]) => stack && new CfnBucket(stack, 'Open', {}));
    expect(addOpenBucket).toThrow('AwsSolutions-S1');
  });

  it('fails where a value is one that AWS would refuse', () => {
    const addImpossibleQueue = (): unknown =>
      synthesize('small', {}, ([stack]) => stack && new CfnQueue(stack, 'Wrong', { visibilityTimeout: -5 }));
    expect(addImpossibleQueue).toThrow('less than the minimum of 0');
  });
});
