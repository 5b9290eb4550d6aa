import { expect } from 'vitest';
import { PORTS } from '../../ports.js';
import type { Synthesis } from '../synthesize.js';
import { asText, findAll, findOne } from '../templates.js';
import { always, only } from './check.js';

interface Ingress {
  from: string;
  port: unknown;
  group: string;
}

export const networkChecks = [
  always('nothing takes a connection from anywhere', ({ templates }) => {
    const open = ingress(templates).filter(({ from }) => ['0.0.0.0/0', '::/0'].includes(from));
    expect(open).toEqual([]);
  }),

  always('the database is reached by processes and functions alone, on its port', ({ templates }) => {
    const toDatabase = ingress(templates).filter(({ group }) => group.includes('DatabaseGroup'));
    expect(toDatabase.map(({ port }) => port)).toEqual(Array(4).fill(PORTS.postgres));
    for (const name of ['WebGroup', 'WorkerGroup', 'BotGroup', 'FunctionsGroup']) {
      expect(toDatabase.filter(({ from }) => from.includes(name))).toHaveLength(1);
    }
  }),

  only('small', 'CloudFront alone reaches portal and bot, on their ports', ({ templates, settings }) => {
    const fromCloudFront = ingress(templates).filter(({ from }) => from === settings.cloudFrontPrefixList);
    expect(fromCloudFront.map(({ port }) => port).sort()).toEqual([PORTS.portal, PORTS.bot]);
    const toPortal = ingress(templates).filter(({ port }) => port === PORTS.portal || port === PORTS.bot);
    expect(toPortal).toEqual(fromCloudFront);
  }),

  only(
    'ha',
    'CloudFront alone reaches the balancer, which alone reaches portals and bots',
    ({ templates, settings }) => {
      const all = ingress(templates);
      expect(all.filter(({ group }) => group.includes('BalancerGroup'))).toEqual([
        expect.objectContaining({ from: settings.cloudFrontPrefixList, port: 443 }),
      ]);
      const behind = all.filter(({ port }) => port === PORTS.portal || port === PORTS.bot);
      expect(behind.every(({ from }) => from.includes('BalancerGroup'))).toBe(true);
      expect(behind).toHaveLength(2);
      expect(findOne(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer').Properties['Scheme']).toBe(
        'internal',
      );
    },
  ),

  always('database and queue have no public address, and there is no NAT to pay for', ({ templates }) => {
    expect(findOne(templates, 'AWS::RDS::DBInstance').Properties['PubliclyAccessible']).toBe(false);
    expect(findAll(templates, 'AWS::EC2::NatGateway')).toEqual([]);
    const data = findAll(templates, 'AWS::EC2::Subnet').filter(({ id }) => id.includes('data'));
    expect(data).toHaveLength(2);
    expect(data.every(({ Properties }) => Properties['MapPublicIpOnLaunch'] === false)).toBe(true);
  }),

  always('files reach S3 by its own gateway, from public and private networks', ({ templates }) => {
    const gateway = findOne(templates, 'AWS::EC2::VPCEndpoint', '"Gateway"');
    expect(asText(gateway.Properties['ServiceName'])).toContain('s3');
    expect((gateway.Properties['RouteTableIds'] as unknown[]).length).toBeGreaterThanOrEqual(4);
  }),
];

function ingress(templates: Synthesis['templates']): Ingress[] {
  const inGroups = findAll(templates, 'AWS::EC2::SecurityGroup').flatMap(({ id, Properties }) =>
    ((Properties['SecurityGroupIngress'] ?? []) as Record<string, unknown>[]).map((rule) => ({
      ...rule,
      GroupId: id,
    })),
  );
  const alone = findAll(templates, 'AWS::EC2::SecurityGroupIngress').map(({ Properties }) => Properties);
  return [...inGroups, ...alone].map((rule: Record<string, unknown>) => ({
    from: asText(
      rule['CidrIp'] ??
        rule['CidrIpv6'] ??
        rule['SourcePrefixListId'] ??
        rule['SourceSecurityGroupId'] ??
        'nobody',
    ),
    port: rule['FromPort'],
    group: asText(rule['GroupId']),
  }));
}
