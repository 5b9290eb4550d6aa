import { describe, expect, it } from 'vitest';
import { ALARMS, costOf, totalUsd } from '../cost.js';
import { readSettings } from '../settings.js';
import { offlineContext } from './offline-settings.js';
import { synthesisOf } from './synthesize.js';
import { findAll } from './templates.js';

describe('what a month costs', () => {
  it('is 45 dollars at most for the small size', () => {
    expect(totalUsd(costOf({ size: 'small', queue: 'postgres' }, true))).toBeLessThanOrEqual(45);
  });

  it.each(['small', 'ha'] as const)('stays below the budget that tells of it: %s', (size) => {
    const { settings } = synthesisOf(size);
    expect(totalUsd(costOf(settings, settings.site !== null))).toBeLessThan(settings.budgetUsd);
  });

  it.each(['small', 'ha'] as const)('counts what the templates make: %s', (size) => {
    const { templates, settings } = synthesisOf(size);
    const lines = costOf(settings, settings.site !== null);
    const count = (part: string): number => lines.find((line) => line.part.startsWith(part))?.count ?? 0;
    const made = (type: string): number => findAll(templates, type).length;
    const machines = findAll(templates, 'AWS::AutoScaling::AutoScalingGroup').reduce(
      (sum, { Properties }) => sum + Number(Properties['MinSize']),
      made('AWS::EC2::Instance'),
    );
    const endpoints = findAll(templates, 'AWS::EC2::VPCEndpoint').flatMap(
      ({ Properties }) => (Properties['SubnetIds'] ?? []) as unknown[],
    );
    expect(count('public addresses')).toBe(machines);
    expect(count('disks of machines')).toBe(machines * 12);
    expect(count('endpoints')).toBe(endpoints.length);
    expect(count('load balancer')).toBe(made('AWS::ElasticLoadBalancingV2::LoadBalancer'));
    expect(count('keys')).toBe(made('AWS::KMS::Key'));
    // RDS makes one more, for the database's password.
    expect(count('secrets')).toBe(made('AWS::SecretsManager::Secret') + 1);
    expect(ALARMS[size]).toBe(
      findAll(templates, 'AWS::CloudWatch::Alarm').filter(({ id }) => id.startsWith('Alarm')).length,
    );
    expect(made('AWS::EC2::NatGateway')).toBe(0);
  });

  it('is less without a queue of its own', () => {
    const withQueue = totalUsd(costOf({ size: 'ha', queue: 'redis' }, true));
    expect(totalUsd(costOf({ size: 'ha', queue: 'postgres' }, true))).toBeLessThan(withQueue);
  });
});

describe('settings', () => {
  it('name everything that is missing at once', () => {
    expect(() => readSettings(() => undefined)).toThrow(
      /size[^]*region[^]*account[^]*mailFrom[^]*alarmEmail/,
    );
  });

  it('refuse a second region that is the first', () => {
    const context: Record<string, string> = {
      ...offlineContext('ha', '/tmp'),
      replicaRegion: 'eu-central-1',
    };
    expect(() => readSettings((name) => context[name])).toThrow('replicaRegion must differ');
  });
});
