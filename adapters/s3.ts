import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { AppError, isAppError } from '../core/errors.js';

/** Errors reach our own log, as JSON; the SDK would print lines of its own to the console. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface StorageOptions {
  region: string;
  bucket: string;
  /** Unset: AWS itself. */
  endpoint: string | undefined;
  /** Where browsers reach the same storage, when that differs; it is part of what is signed. */
  publicEndpoint: string | undefined;
}

/** The client for our own calls, with the SDK's default checksums. */
export function createS3Client({ region, endpoint }: StorageOptions): S3Client {
  return new S3Client({
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
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
export function createPresigningClient({ region, endpoint, publicEndpoint }: StorageOptions): S3Client {
  const reachable = publicEndpoint ?? endpoint;
  return new S3Client({
    region,
    ...(reachable ? { endpoint: reachable, forcePathStyle: true } : {}),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Where browsers send uploads and fetch downloads, for the content security policy. */
export function storageOrigin({ region, bucket, endpoint, publicEndpoint }: StorageOptions): string {
  const reachable = publicEndpoint ?? endpoint;
  return reachable ? new URL(reachable).origin : `https://${bucket}.s3.${region}.amazonaws.com`;
}

/** An error of the SDK in our words: what is not there, and all else as `unavailable`. */
export function translateS3Error(error: unknown): AppError {
  if (isAppError(error)) return error;
  const isMissing = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
  if (isMissing) return new AppError('not_found', 'share.not_found', {}, { cause: error });
  return new AppError('unavailable', 'storage.unavailable', {}, { cause: error });
}

function ignore(): void {
  // Nothing to say.
}
