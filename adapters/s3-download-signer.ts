import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create as contentDisposition } from 'content-disposition';
import type { CdnDownloads } from '../core/config.js';
import { AppError } from '../core/errors.js';
import type { DownloadSigner, StorageMember } from '../core/ports.js';
import { createCdnSigner } from './cdn-signer.js';
import type { MemberHealth } from './member-health.js';

const SMALL_BYTES = 100_000_000;

/** A member of storage, and the client that signs for it. */
export interface SigningMember {
  name: string;
  bucket: string;
  presigning: S3Client;
  member: Pick<StorageMember, 'sizeOf'>;
}

/**
 * Presigned downloads: never shown in place, whatever the file claims to be. With mirrors, each member is asked
 * whether it has the object before a recipient is sent there; where that is the primary, to the CDN before it.
 */
export function createS3DownloadSigner(
  members: readonly SigningMember[],
  health: MemberHealth,
  cdn: CdnDownloads | null = null,
): DownloadSigner {
  const signForCdn = cdn && createCdnSigner(cdn);
  const sign = async (
    member: SigningMember,
    key: string,
    { name, sizeBytes }: { name: string; sizeBytes: number },
  ): Promise<string> => {
    const expiresIn = sizeBytes <= SMALL_BYTES ? 60 : 15 * 60;
    if (signForCdn && member === members[0]) return signForCdn(key, name, expiresIn);
    const { presigning, bucket } = member;
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ResponseContentType: 'application/octet-stream',
      ResponseContentDisposition: contentDisposition(name, { type: 'attachment' }),
      ResponseCacheControl: 'private, no-store',
    });
    return getSignedUrl(presigning, command, { expiresIn });
  };
  return {
    async signDownload(key, file, avoid) {
      const trusted = members.filter(({ name }) => !avoid.includes(name));
      // There is nowhere else to send anybody, so nobody waits for an answer.
      if (trusted[0] && members.length === 1) return sign(trusted[0], key, file);
      const found = await health
        .firstOf(trusted, async (each, signal) => {
          if ((await each.member.sizeOf(key, signal)) === file.sizeBytes) return each;
          throw new AppError('not_found', 'share.not_found', {});
        })
        .catch((error: unknown) => {
          throw new AppError('unavailable', 'storage.unavailable', {}, { cause: error });
        });
      return sign(found, key, file);
    },
  };
}
