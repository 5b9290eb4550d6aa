import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import { bucketNames } from '../names.js';
import type { Settings } from '../settings.js';

/** Far past the longest share with all its extensions: the product deletes what has ended, this what it overlooked. */
const KEEP_DAYS = 400;

const PRIVATE = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/** Who asked for what, for 90 days. */
export function createLogBucket(scope: Construct, place: Pick<Settings, 'account' | 'region'>): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Logs', {
    ...PRIVATE,
    bucketName: bucketNames.logs(place),
    encryption: s3.BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ expiration: Duration.days(90) }],
  });
  acknowledge(bucket, { 'AwsSolutions-S1': 'A log of who wrote the log would not end.' });
  return bucket;
}

/**
 * One member of the product's own RAID-1: the files of shares and their ready marks. Versions are kept for a week, so
 * that what was deleted or written over by mistake can be had back; browsers put parts of uploads from `origin`.
 */
export function createFilesBucket(
  scope: Construct,
  place: Pick<Settings, 'account' | 'region'>,
  { key, logs, origin }: { key: kms.IKey; logs: s3.IBucket; origin: string },
): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Files', {
    ...PRIVATE,
    bucketName: bucketNames.files(place),
    encryption: s3.BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    versioned: true,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'files/',
    lifecycleRules: [
      {
        abortIncompleteMultipartUploadAfter: Duration.days(2),
        expiration: Duration.days(KEEP_DAYS),
        noncurrentVersionExpiration: Duration.days(7),
      },
      { expiredObjectDeleteMarker: true },
    ],
    cors: [
      {
        allowedMethods: [s3.HttpMethods.PUT],
        allowedOrigins: [origin],
        allowedHeaders: ['*'],
        exposedHeaders: ['ETag'],
        maxAge: 3600,
      },
    ],
  });
  letCloudFrontRead(bucket);
  return bucket;
}

/** The portal's own files, under names that change with their content: nobody deletes the old ones. */
export function createAssetsBucket(
  scope: Construct,
  place: Pick<Settings, 'account' | 'region'>,
  logs: s3.IBucket,
): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Assets', {
    ...PRIVATE,
    bucketName: bucketNames.assets(place),
    encryption: s3.BucketEncryption.S3_MANAGED,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: 'assets/',
  });
  letCloudFrontRead(bucket);
  return bucket;
}

/** Any distribution of this account: the one that reads it is made later, by another stack. */
function letCloudFrontRead(bucket: s3.Bucket): void {
  bucket.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('cloudfront.amazonaws.com')],
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('*')],
      conditions: { StringLike: { 'aws:SourceArn': `arn:aws:cloudfront::${Aws.ACCOUNT_ID}:distribution/*` } },
    }),
  );
}
