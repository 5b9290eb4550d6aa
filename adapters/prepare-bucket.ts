import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';

/**
 * Makes a bucket that is not there, and lets the portal's pages upload to it and fetch from it. Safe to repeat.
 * @returns what was done, a sentence each @throws where storage cannot be reached, or refuses
 */
export async function prepareBucket(
  client: S3Client,
  bucket: string,
  portalOrigin: string,
): Promise<string[]> {
  const said: string[] = [];
  if (!(await isThere(client, bucket))) {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    said.push(`Made the bucket ${bucket}.`);
  }
  const rule = {
    AllowedOrigins: [portalOrigin],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: ['*'],
    // A browser names the parts of an upload by their tags.
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3_600,
  };
  try {
    const CORSConfiguration = { CORSRules: [rule] };
    await client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }));
    said.push(`Pages of ${portalOrigin} may use it.`);
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 501) throw error;
    said.push(
      `This storage has no rules for other origins: allow ${portalOrigin} GET and PUT in its settings.`,
    );
  }
  return said;
}

async function isThere(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
    throw error;
  }
}
