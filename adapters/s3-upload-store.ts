import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  S3ServiceException,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AppError } from '../core/errors.js';
import type { UploadedPart, UploadStore } from '../core/ports.js';
import { translateObjectError, translateS3Error } from './s3.js';

const PART_URL_SECONDS = 15 * 60;

/** Multipart uploads of browsers: the server makes every key and signs every part, one size each. */
export function createS3UploadStore(client: S3Client, presigning: S3Client, bucket: string): UploadStore {
  return {
    async begin(key) {
      const { UploadId } = await send(() =>
        client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key })),
      );
      if (!UploadId) throw translateS3Error(new Error('storage answered without an upload id'));
      return { uploadId: UploadId };
    },

    signPart(key, uploadId, partNumber, sizeBytes) {
      const part = {
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        ContentLength: sizeBytes,
      };
      return getSignedUrl(presigning, new UploadPartCommand(part), {
        expiresIn: PART_URL_SECONDS,
        signableHeaders: new Set(['host', 'content-length']),
      });
    },

    async listParts(key, uploadId) {
      const parts: UploadedPart[] = [];
      let marker: string | undefined;
      do {
        const page = await send(() =>
          client
            .send(
              new ListPartsCommand({
                Bucket: bucket,
                Key: key,
                UploadId: uploadId,
                ...(marker ? { PartNumberMarker: marker } : {}),
              }),
            )
            .catch((error: unknown) => {
              if (!isUnknownUpload(error)) throw error;
              throw new AppError('not_found', 'share.not_found', {}, { cause: error });
            }),
        );
        for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? []) {
          parts.push({ partNumber: PartNumber, sizeBytes: Size, etag: ETag });
        }
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      } while (marker);
      return parts;
    },

    async complete(key, uploadId, parts) {
      const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      await send(async () => {
        await client
          .send(
            new CompleteMultipartUploadCommand({
              Bucket: bucket,
              Key: key,
              UploadId: uploadId,
              MultipartUpload: { Parts },
            }),
          )
          .catch((error: unknown) => {
            if (isAboutParts(error)) throw new AppError('invalid', 'request.malformed', {}, { cause: error });
            // Completed by an earlier call whose answer was lost: the object below then exists.
            if (!isUnknownUpload(error)) throw error;
          });
      });
      try {
        const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        return ContentLength;
      } catch (error) {
        throw translateObjectError(error);
      }
    },

    async abort(key, uploadId) {
      await send(() =>
        client
          .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
          .catch((error: unknown) => {
            if (!isUnknownUpload(error)) throw error;
          }),
      );
    },
  };
}

function isUnknownUpload(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchUpload';
}

/** Whether storage refused what the browser said about its parts, and not the request as such. */
function isAboutParts(error: unknown): boolean {
  const codes = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'MalformedXML', 'InvalidRequest'];
  return error instanceof S3ServiceException && codes.includes(error.name);
}

async function send<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateS3Error(error);
  }
}
