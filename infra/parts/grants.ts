import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { MAIL_PREFIX, SHARE_PREFIX } from '../../core/storage-keys.js';
import { acknowledge } from '../acknowledge.js';
import { bucketNames, REPLICA_KEY_ALIAS } from '../names.js';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';

/** What the three kinds of process run as; one machine may be all of them. */
export type Role = 'web' | 'worker' | 'bot';
export const ROLES: readonly Role[] = ['web', 'worker', 'bot'];

const OBJECTS = 'Objects below the one prefix: their names are made at run time.';

/**
 * Rights of a machine that runs these processes, and no others: portals sign downloads and uploads and write marks,
 * workers write and delete files, bots have no storage; none of them mails.
 */
export function grantProcesses(role: iam.Role, roles: readonly Role[], settings: Settings, data: Data): void {
  const buckets = fileBuckets(settings).map(({ arn }) => arn);
  const below = (prefix: string): string[] => buckets.map((arn) => `${arn}/${prefix}*`);
  for (const kind of roles) {
    if (kind === 'web') {
      allowMany(role, OBJECTS, ['s3:GetObject'], below(SHARE_PREFIX));
      allowMany(
        role,
        OBJECTS,
        ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        below(SHARE_PREFIX),
      );
      allowMany(role, OBJECTS, ['s3:PutObject'], below(MAIL_PREFIX));
      // Who may not list is told 403 where an object is missing, as if its bucket had failed.
      allow(role, ['s3:ListBucket'], buckets);
    }
    if (kind === 'worker') {
      allowMany(
        role,
        OBJECTS,
        [
          ...['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion'],
          ...['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        ],
        [...below(SHARE_PREFIX), ...below(MAIL_PREFIX)],
      );
      allow(
        role,
        ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads', 's3:GetBucketLocation'],
        buckets,
      );
    }
  }
  if (roles.some((kind) => kind !== 'bot')) grantFileKeys(role, settings, data);
  for (const secret of secretsOf(roles, data)) grantSecret(role, secret, data);
}

/** The secrets that these processes read, the database's last. */
export function secretsOf(roles: readonly Role[], { secrets, database }: Data): secretsmanager.ISecret[] {
  const { links, sessions, chat, cdn, queue } = secrets;
  const byRole: Record<Role, secretsmanager.ISecret[]> = {
    web: [links, sessions, cdn],
    worker: [chat],
    bot: [links, chat],
  };
  return [...new Set([...roles.flatMap((kind) => byRole[kind]), ...(queue ? [queue] : []), database.secret])];
}

/** Reading one secret. The database's is encrypted with AWS's own key, ours with ours. */
export function grantSecret(role: iam.Role, secret: secretsmanager.ISecret, { key }: Data): void {
  allow(role, ['secretsmanager:GetSecretValue'], [secret.secretArn]);
  if (!secret.encryptionKey) return;
  allow(role, ['kms:Decrypt'], [key.keyArn], {
    StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
  });
}

/** The members of the product's RAID-1, the first one first. */
export function fileBuckets({ account, region, replicaRegion }: Settings): {
  bucket: string;
  region: string;
  arn: string;
}[] {
  return [region, ...(replicaRegion ? [replicaRegion] : [])].map((each) => {
    const bucket = bucketNames.files({ account, region: each });
    return { bucket, region: each, arn: `arn:aws:s3:::${bucket}` };
  });
}

/** A right on resources that are named in full. */
export function allow(
  role: iam.Role,
  actions: string[],
  resources: string[],
  conditions?: Record<string, Record<string, unknown>>,
): void {
  role.addToPolicy(new iam.PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
}

/** A right on resources that cannot be named in full, and why. */
export function allowMany(
  role: iam.Role,
  reason: string,
  ...[actions, resources, conditions]: Parameters<typeof allow> extends [unknown, ...infer Rest]
    ? Rest
    : never
): void {
  allow(role, actions, resources, conditions);
  const findings = resources.map((resource) => [`AwsSolutions-IAM5[Resource::${resource}]`, reason]);
  acknowledge(role, Object.fromEntries(findings) as Record<string, string>);
}

/** The second region's key is known by its alias alone: its id is made there. */
function grantFileKeys(role: iam.Role, settings: Settings, { key }: Data): void {
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey'];
  allow(role, actions, [key.keyArn], viaS3(settings.region));
  if (!settings.replicaRegion) return;
  const anyKey = `arn:aws:kms:${settings.replicaRegion}:${Stack.of(role).account}:key/*`;
  allowMany(role, 'The second region names its key; the alias in the condition is ours.', actions, [anyKey], {
    ...viaS3(settings.replicaRegion),
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': REPLICA_KEY_ALIAS },
  });
}

function viaS3(region: string): Record<string, Record<string, unknown>> {
  return { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } };
}
