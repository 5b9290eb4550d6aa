import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import { DATABASE_ID } from '../names.js';
import { PORTS } from '../ports.js';
import type { Settings } from '../settings.js';
import type { Network } from './network.js';

export const DATABASE_NAME = 'passalong';
export const DATABASE_USER = 'passalong';

export interface Database {
  instance: rds.DatabaseInstance;
  /** RDS itself changes the password in it every week. */
  secret: secretsmanager.ISecret;
}

/** Postgres, which is the truth: any second of the last 14 days can be restored, and nobody deletes it by mistake. */
export function createDatabase(
  scope: Construct,
  settings: Settings,
  { vpc, groups }: Network,
  key: kms.Key,
): Database {
  const isSmall = settings.size === 'small';
  const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_18_3 });
  const instance = new rds.DatabaseInstance(scope, 'Database', {
    engine,
    instanceIdentifier: DATABASE_ID,
    instanceType: new ec2.InstanceType(isSmall ? 't4g.micro' : 't4g.medium'),
    multiAz: !isSmall,
    vpc,
    vpcSubnets: { subnetGroupName: 'data' },
    securityGroups: [groups.database],
    port: PORTS.postgres,
    publiclyAccessible: false,
    databaseName: DATABASE_NAME,
    credentials: rds.Credentials.fromUsername(DATABASE_USER),
    manageMasterUserPassword: true,
    parameters: { 'rds.force_ssl': '1', log_min_duration_statement: '1000' },
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    storageType: rds.StorageType.GP3,
    allocatedStorage: 20,
    maxAllocatedStorage: 200,
    storageEncrypted: true,
    storageEncryptionKey: key,
    backupRetention: Duration.days(14),
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: false,
    autoMinorVersionUpgrade: false,
    preferredBackupWindow: '02:00-03:00',
    preferredMaintenanceWindow: 'sun:03:30-sun:04:30',
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
  });
  acknowledge(instance, {
    'AwsSolutions-RDS11': 'The port is no secret: only our own security groups reach it.',
    ...(isSmall && { 'AwsSolutions-RDS3': 'The small size is one of everything, and says so.' }),
  });
  if (!instance.secret) throw new Error('RDS keeps the password in a secret');
  return { instance, secret: instance.secret };
}
