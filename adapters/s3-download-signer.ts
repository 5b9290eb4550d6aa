import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create as contentDisposition } from 'content-disposition';
import type { DownloadSigner } from '../core/ports.js';

const SMALL_BYTES = 100_000_000;

/** Presigned downloads: never shown in place, whatever the file claims to be. */
export function createS3DownloadSigner(presigning: S3Client, bucket: string): DownloadSigner {
  return {
    signDownload(key, { name, sizeBytes }) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: 'application/octet-stream',
        ResponseContentDisposition: contentDisposition(name, { type: 'attachment' }),
        ResponseCacheControl: 'private, no-store',
      });
      return getSignedUrl(presigning, command, { expiresIn: sizeBytes <= SMALL_BYTES ? 60 : 15 * 60 });
    },
  };
}
