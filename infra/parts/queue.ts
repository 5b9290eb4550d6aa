import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import { PORTS } from '../ports.js';
import type { Network } from './network.js';

/**
 * Valkey in two zones, for jobs alone: what it loses the reconciler finds in Postgres. It never throws jobs away to
 * make room (`noeviction`): it refuses new ones, and they wait in Postgres.
 * @returns the host that its clients connect to
 */
export function createQueue(
  scope: Construct,
  { vpc, groups }: Network,
  { key, secret }: { key: kms.IKey; secret: secretsmanager.Secret },
): string {
  const subnets = new elasticache.CfnSubnetGroup(scope, 'QueueSubnets', {
    description: 'Where the queue lives',
    subnetIds: vpc.selectSubnets({ subnetGroupName: 'data' }).subnetIds,
  });
  const parameters = new elasticache.CfnParameterGroup(scope, 'QueueParameters', {
    cacheParameterGroupFamily: 'valkey8',
    description: 'Jobs are refused, never thrown away',
    properties: { 'maxmemory-policy': 'noeviction' },
  });
  const group = new elasticache.CfnReplicationGroup(scope, 'Queue', {
    replicationGroupDescription: 'Jobs of Passalong',
    engine: 'valkey',
    engineVersion: '8.0',
    cacheNodeType: 'cache.t4g.micro',
    numCacheClusters: 2,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    port: PORTS.queue,
    cacheSubnetGroupName: subnets.ref,
    cacheParameterGroupName: parameters.ref,
    securityGroupIds: [groups.queue.securityGroupId],
    transitEncryptionEnabled: true,
    authToken: secret.secretValueFromJson('QUEUE_TOKEN').unsafeUnwrap(),
    atRestEncryptionEnabled: true,
    kmsKeyId: key.keyArn,
    snapshotRetentionLimit: 1,
    autoMinorVersionUpgrade: true,
  });
  acknowledge(group, {
    'AwsSolutions-AEC5': 'The port is no secret: only our own security groups reach it.',
  });
  return group.attrPrimaryEndPointAddress;
}
