import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { StorageOptions } from '../core/config.js';
import { AppError, isAppError } from '../core/errors.js';

/** Errors reach our own log, as JSON; the SDK would print lines of its own to the console. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The client for our own calls, with the SDK's default checksums. */
export function createS3Client({ region, endpoint, credentials }: StorageOptions): S3Client {
  return new S3Client({
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
    logger: SILENT,
    maxAttempts: 3,
    // A line without a byte for a minute is dead; a limit on the whole request would cut large files.
    requestHandler: { connectionTimeout: 3_000, socketTimeout: 60_000 },
  });
}

/**
 * The client that only signs URLs for browsers: for the public endpoint, since the host is signed, and without
 * default checksums, which would sign the checksum of an empty body.
 */
export function createPresigningClient({
  region,
  endpoint,
  publicEndpoint,
  credentials,
}: StorageOptions): S3Client {
  const reachable = publicEndpoint ?? endpoint;
  return new S3Client({
    region,
    ...(reachable ? { endpoint: reachable, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/**
 * Where browsers send uploads and fetch downloads, for the content security policy: as the SDK itself puts it into a
 * URL, since buckets with dots and other partitions of AWS have hosts of their own forms.
 */
export async function storageOrigin(options: StorageOptions): Promise<string> {
  // The URL is thrown away, so it needs nobody's credentials: the portal starts though they are not there yet.
  const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nobody' };
  const client = createPresigningClient({ ...options, credentials });
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: options.bucket, Key: 'any' }));
  client.destroy();
  return new URL(url).origin;
}

/** An error of the SDK in our words: `unavailable`, a bucket that is not there included, since it may come back. */
export function translateS3Error(error: unknown): AppError {
  if (isAppError(error)) return error;
  return new AppError('unavailable', 'storage.unavailable', {}, { cause: error });
}

/** The same where one object was asked for: `not_found` once storage says that this very object is not there. */
export function translateObjectError(error: unknown): AppError {
  const isMissing = error instanceof S3ServiceException && ['NoSuchKey', 'NotFound'].includes(error.name);
  if (isMissing) return new AppError('not_found', 'share.not_found', {}, { cause: error });
  return translateS3Error(error);
}

function ignore(): void {
  // Nothing to say.
}
