import { expect } from 'vitest';
import { LIFETIMES_DAYS } from '../../../core/shares/share-request.js';
import { readDocument } from '../statements.js';
import { asText, findAll, findOne } from '../templates.js';
import { always, only } from './check.js';

interface LifecycleRule {
  ExpirationInDays?: number;
  NoncurrentVersionExpiration?: { NoncurrentDays: number };
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number };
}

export const dataChecks = [
  always(
    'any second of the last 14 days of the database can be restored, and nobody deletes it by mistake',
    ({ templates }) => {
      const database = findOne(templates, 'AWS::RDS::DBInstance');
      expect(database.Properties).toMatchObject({
        BackupRetentionPeriod: 14,
        DeletionProtection: true,
        StorageEncrypted: true,
        ManageMasterUserPassword: true,
      });
      expect(database.Properties['EngineVersion']).toMatch(/^\d+\.\d+$/);
      expect(database.Properties['AutoMinorVersionUpgrade']).toBe(false);
      expect(database.DeletionPolicy).toBe('Snapshot');
    },
  ),

  always('the database takes no connection without TLS', ({ templates }) => {
    const { Properties } = findOne(templates, 'AWS::RDS::DBParameterGroup');
    expect((Properties['Parameters'] as Record<string, string>)['rds.force_ssl']).toBe('1');
  }),

  only('ha', 'the database stands in two zones', ({ templates }) => {
    expect(findOne(templates, 'AWS::RDS::DBInstance').Properties['MultiAZ']).toBe(true);
  }),

  only(
    'ha',
    'the queue throws no job away, speaks TLS, wants its token, and stands in two zones',
    ({ templates }) => {
      const { Properties } = findOne(templates, 'AWS::ElastiCache::ReplicationGroup');
      expect(Properties).toMatchObject({
        Engine: 'valkey',
        TransitEncryptionEnabled: true,
        AtRestEncryptionEnabled: true,
        AutomaticFailoverEnabled: true,
        MultiAZEnabled: true,
        NumCacheClusters: 2,
      });
      expect(asText(Properties['AuthToken'])).toContain('QUEUE_TOKEN');
      const parameters = findOne(templates, 'AWS::ElastiCache::ParameterGroup').Properties['Properties'];
      expect(parameters).toEqual({ 'maxmemory-policy': 'noeviction' });
    },
  ),

  only('small', 'there is no queue of its own to pay for', ({ templates }) => {
    expect(findAll(templates, 'AWS::ElastiCache::ReplicationGroup')).toEqual([]);
  }),

  always('every bucket is closed, owned by us alone and takes no request without TLS', ({ templates }) => {
    const buckets = findAll(templates, 'AWS::S3::Bucket');
    for (const { id, Properties, DeletionPolicy } of buckets) {
      expect(Object.values(Properties['PublicAccessBlockConfiguration'] as object)).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect(JSON.stringify(Properties['OwnershipControls'])).toContain('BucketOwnerEnforced');
      expect(DeletionPolicy).toBe('Retain');
      const policies = findAll(templates, 'AWS::S3::BucketPolicy').filter(
        ({ Properties: policy }) => asText(policy['Bucket']) === `<${id}>`,
      );
      const statements = policies.flatMap(({ Properties: policy }) => readDocument(policy['PolicyDocument']));
      expect(
        statements.some(
          ({ effect, conditions }) =>
            effect === 'Deny' && conditions.includes('"aws:SecureTransport":"false"'),
        ),
      ).toBe(true);
    }
  }),

  always('files are encrypted with our key, versioned, and outlive the longest share', ({ templates }) => {
    for (const { Properties } of findAll(templates, 'AWS::S3::Bucket').filter(isFiles)) {
      expect(JSON.stringify(Properties['BucketEncryption'])).toContain('"SSEAlgorithm":"aws:kms"');
      expect(JSON.stringify(Properties['BucketEncryption'])).toContain('"BucketKeyEnabled":true');
      expect(Properties['VersioningConfiguration']).toEqual({ Status: 'Enabled' });
      const { Rules } = Properties['LifecycleConfiguration'] as { Rules: LifecycleRule[] };
      const kept = Rules.flatMap(({ ExpirationInDays = [] }) => ExpirationInDays);
      // A sender may extend a share again and again for a year.
      expect(Math.min(...kept)).toBeGreaterThan(365 + Math.max(...LIFETIMES_DAYS));
      expect(Rules).toContainEqual(
        expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }),
      );
      expect(
        Rules.some(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration?.NoncurrentDays === 7),
      ).toBe(true);
    }
  }),

  always(
    'browsers put parts from the portal, and read the tags that end an upload',
    ({ templates, settings }) => {
      for (const { Properties } of findAll(templates, 'AWS::S3::Bucket').filter(isFiles)) {
        const { CorsRules } = Properties['CorsConfiguration'] as { CorsRules: Record<string, unknown>[] };
        expect(CorsRules).toHaveLength(1);
        expect(CorsRules[0]).toMatchObject({
          AllowedMethods: ['PUT'],
          AllowedOrigins: [settings.site ? `https://${settings.site.name}` : 'https://*.cloudfront.net'],
          ExposedHeaders: ['ETag'],
        });
      }
    },
  ),

  only('ha', 'every bucket of files is named as the processes are told', ({ templates, settings }) => {
    const names = findAll(templates, 'AWS::S3::Bucket')
      .filter(isFiles)
      .map(({ Properties }) => Properties['BucketName']);
    expect(names).toHaveLength(2);
    expect(names).toContain(`passalong-files-${settings.account}-${settings.replicaRegion}`);
  }),

  always('the key lets each service write what it is for, in this account alone', ({ templates }) => {
    for (const { Properties } of findAll(templates, 'AWS::KMS::Key')) {
      expect(Properties['EnableKeyRotation']).toBe(true);
      const statements = readDocument(Properties['KeyPolicy']);
      for (const service of ['cloudwatch', 'budgets', 'ses', 'sns', 'events']) {
        const [own] = statements.filter(({ principals }) => principals.includes(`${service}.amazonaws.com`));
        expect(own?.actions).toEqual(['kms:Decrypt', 'kms:GenerateDataKey*']);
        expect(own?.conditions).toContain('aws:SourceAccount');
      }
      const [cdn] = statements.filter(({ principals }) => principals.includes('cloudfront.amazonaws.com'));
      expect(cdn?.actions).toEqual(['kms:Decrypt']);
      expect(cdn?.conditions).toContain('distribution/*');
      expect(statements.some(({ principals }) => principals.some((name) => name.startsWith('logs.')))).toBe(
        true,
      );
    }
  }),

  always('CloudFront may read files and assets', ({ templates }) => {
    for (const name of ['Files', 'Assets']) {
      const policies = findAll(templates, 'AWS::S3::BucketPolicy').filter(({ id }) => id.startsWith(name));
      expect(policies.length).toBeGreaterThan(0);
      for (const { Properties } of policies) {
        const [own] = readDocument(Properties['PolicyDocument']).filter(({ principals }) =>
          principals.includes('cloudfront.amazonaws.com'),
        );
        expect(own?.actions).toEqual(['s3:GetObject']);
      }
    }
  }),
];

function isFiles({ Properties }: { Properties: Record<string, unknown> }): boolean {
  return String(Properties['BucketName']).startsWith('passalong-files-');
}
