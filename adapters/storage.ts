import type { CdnDownloads, StorageOptions } from '../core/config.js';
import type {
  DownloadSigner,
  FileStore,
  Logger,
  ReadyMarks,
  StorageMember,
  UploadStore,
} from '../core/ports.js';
import { createMemberHealth } from './member-health.js';
import { createMirroredFileStore } from './mirrored-file-store.js';
import { createMirroredUploadStore } from './mirrored-upload-store.js';
import { createPresigningClient, createS3Client, storageOrigin } from './s3.js';
import { createS3DownloadSigner, type SigningMember } from './s3-download-signer.js';
import { createS3Member } from './s3-member.js';
import { createS3ReadyMarks } from './s3-ready-marks.js';
import { createS3UploadStore } from './s3-upload-store.js';

/** Everything that a process wants of storage. */
export interface Storage {
  members: readonly StorageMember[];
  files: FileStore;
  marks: ReadyMarks;
  uploads: UploadStore;
  signer: DownloadSigner;
}

/**
 * Storage as it is configured: the primary first, then its mirrors, of which one process remembers who failed.
 * A CDN stands before the primary's downloads. The waits are shorter in tests alone.
 */
export function createStorage(
  options: readonly StorageOptions[],
  log: Logger,
  { cdn = null, ...waits }: { cdn?: CdnDownloads | null; answerMs?: number; patienceMs?: number } = {},
): Storage {
  const health = createMemberHealth(log, waits.answerMs);
  const buckets = options.map((each) => openBucket(each));
  const members = buckets.map(({ member }) => member);
  return {
    members,
    files: createMirroredFileStore(members, health, waits.patienceMs),
    marks: createS3ReadyMarks(members, health),
    uploads: createMirroredUploadStore(buckets, health),
    signer: createS3DownloadSigner(buckets, health, cdn),
  };
}

/** The members alone, the primary first: for a command that stays small. */
export function openMembers(options: readonly StorageOptions[]): StorageMember[] {
  return options.map((each) => createS3Member(createS3Client(each), each.bucket, each.name));
}

/** Where browsers send uploads and fetch downloads, for the content security policy. */
export function storageOrigins(options: readonly StorageOptions[]): Promise<string[]> {
  return Promise.all(options.map((each) => storageOrigin(each)));
}

function openBucket(
  options: StorageOptions,
): SigningMember & { member: StorageMember; uploads: UploadStore } {
  const { name, bucket } = options;
  const client = createS3Client(options);
  const presigning = createPresigningClient(options);
  return {
    ...{ name, bucket, presigning },
    member: createS3Member(client, bucket, name),
    uploads: createS3UploadStore(client, presigning, bucket),
  };
}
