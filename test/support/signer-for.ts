import type { S3Client } from '@aws-sdk/client-s3';
import { createMemberHealth } from '../../adapters/member-health.js';
import { createS3DownloadSigner } from '../../adapters/s3-download-signer.js';
import { createS3Member } from '../../adapters/s3-member.js';
import type { DownloadSigner } from '../../core/ports.js';
import { fakeLog } from './fakes.js';

/** What signs downloads where storage is one bucket. */
export function signerFor(presigning: S3Client, bucket: string): DownloadSigner {
  const member = createS3Member(presigning, bucket);
  return createS3DownloadSigner(
    [{ name: bucket, bucket, presigning, member }],
    createMemberHealth(fakeLog()),
  );
}
