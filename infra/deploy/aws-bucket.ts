import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';

/** All versions of all objects, and the bucket; nothing where it is not there. @throws Error where S3 keeps an object */
export async function deleteBucket(name: string, region: string, endpoint?: string): Promise<void> {
  const client = new S3Client({ region, ...(endpoint && { endpoint, forcePathStyle: true }) });
  const Bucket = name;
  try {
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket }),
      );
      const Objects = [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
        Key ? { Key, VersionId } : [],
      );
      if (Objects.length === 0) break;
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors.length > 0)
        throw new Error(`${name} keeps ${Errors.length} objects: ${Errors[0]?.Code ?? ''}`);
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof S3ServiceException && error.name === 'NoSuchBucket')) throw error;
  }
}
