import { PassThrough, Readable, pipeline } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { WrongBytes } from '../core/errors.js';
import type { StorageMember } from '../core/ports.js';
import { translateObjectError, translateS3Error } from './s3.js';

/** One bucket, streamed: one PutObject for each object, so that nothing half-made is left (5 GiB at most). */
export function createS3Member(client: S3Client, bucket: string, name = bucket): StorageMember {
  return {
    name,

    async put(key, body, sizeBytes, { replaces = false, signal } = {}) {
      const stop = new AbortController();
      let bodyError: Error | undefined;
      const chunks = exactly(body, sizeBytes, (error) => {
        bodyError = error;
        stop.abort();
      });
      const exact = Readable.from(chunks, { objectMode: false });
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: exact,
            ContentLength: sizeBytes,
            ...(replaces ? {} : { IfNoneMatch: '*' }),
          }),
          { abortSignal: signal ? AbortSignal.any([stop.signal, signal]) : stop.signal },
        );
      } catch (error) {
        throw bodyError ?? translateS3Error(error);
      } finally {
        exact.destroy();
        body.destroy();
      }
    },

    async open(key, abortSignal) {
      try {
        const { Body, ContentLength = 0 } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: key }),
          abortSignal ? { abortSignal } : {},
        );
        if (!(Body instanceof Readable)) throw new Error('storage answered without a stream');
        return { member: name, sizeBytes: ContentLength, bytes: withOurErrors(Body) };
      } catch (error) {
        throw translateObjectError(error);
      }
    },

    async sizeOf(key, abortSignal) {
      try {
        const { ContentLength = 0 } = await client.send(
          new HeadObjectCommand({ Bucket: bucket, Key: key }),
          abortSignal ? { abortSignal } : {},
        );
        return ContentLength;
      } catch (error) {
        const translated = translateObjectError(error);
        if (translated.kind === 'not_found') return null;
        throw translated;
      }
    },

    async deleteAll(prefix) {
      try {
        await abortUploads(client, bucket, prefix);
        await deleteObjects(client, bucket, prefix);
      } catch (error) {
        throw translateS3Error(error);
      }
    },

    async list(prefix, after) {
      try {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(after ? { StartAfter: after } : {}),
          }),
        );
        const objects = (page.Contents ?? []).flatMap(({ Key, LastModified }) => {
          return Key && LastModified ? { key: Key, modifiedAt: LastModified } : [];
        });
        const last = page.IsTruncated ? objects.at(-1)?.key : undefined;
        return last ? { objects, next: last } : { objects };
      } catch (error) {
        throw translateS3Error(error);
      }
    },
  };
}

/**
 * An object's bytes. The line to storage may still break while they come, and that is storage that is down; the SDK
 * compares them with the checksum that storage keeps.
 */
function withOurErrors(body: Readable): Readable {
  const bytes = new PassThrough({
    destroy(error, done) {
      const isWrong = error?.message.startsWith('Checksum mismatch');
      done(isWrong ? new WrongBytes(error?.message, { cause: error }) : error && translateS3Error(error));
    },
  });
  // Its callback has nothing to say that whoever reads `bytes` is not told.
  pipeline(body, bytes, () => undefined);
  return bytes;
}

/**
 * The body as long as it keeps to its size. What is wrong with it goes to `fail`, which ends the request: the SDK
 * keeps a request open whose body breaks, and ends the process where that body emits an error.
 */
async function* exactly(
  body: Readable,
  sizeBytes: number,
  fail: (error: Error) => void,
): AsyncGenerator<Buffer> {
  let left = sizeBytes;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) throw new Error(`the body is longer than ${sizeBytes} bytes`);
      yield chunk;
    }
    if (left > 0) throw new Error(`the body ended ${left} bytes early`);
  } catch (error) {
    fail(error instanceof Error ? error : new Error('the body broke', { cause: error }));
  }
}

async function abortUploads(client: S3Client, bucket: string, prefix: string): Promise<void> {
  const { Uploads = [] } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }),
  );
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
}

/** Deletes page after page until nothing is left, so that a race with a late writer ends on our side. */
async function deleteObjects(client: S3Client, bucket: string, prefix: string): Promise<void> {
  for (;;) {
    const objects = await listVersions(client, bucket, prefix);
    if (objects.length === 0) return;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    if (Errors.length > 0) throw new Error(`storage kept ${Errors.length} objects: ${Errors[0]?.Code ?? ''}`);
  }
}

async function listVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<{ Key: string; VersionId?: string }[]> {
  try {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, MaxKeys: 1000 }),
    );
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) => {
      return Key ? { Key, ...(VersionId ? { VersionId } : {}) } : [];
    });
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 501) throw error;
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return (page.Contents ?? []).flatMap(({ Key }) => (Key ? { Key } : []));
  }
}
