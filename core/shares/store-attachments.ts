import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Attachment } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps, Scan, StoredObject } from '../ports.js';
import { oweRepairs } from '../storage/owe-repairs.js';
import { newObjectKey } from '../storage-keys.js';
import { attachmentSource } from './attachment-source.js';
import { correctSize } from './correct-size.js';
import { endShare } from './end-share.js';
import { markReady } from './mark-ready.js';
import { claimShare, type Failures, type ShareLease } from './share-lease.js';

type StoreDeps = Pick<
  Deps,
  'db' | 'queue' | 'log' | 'timings' | 'files' | 'marks' | 'fetchers' | 'scanner' | 'limits'
>;

/** Tries that may be given up for each reason; with the last one the share fails. */
const MAX_FAILURES: Readonly<Failures> = { fetchFailures: 6, unexpectedErrors: 20 };

/**
 * Reads every byte of a share once, chat files as they stream into storage and uploads from where they landed,
 * has them scanned where a scanner is configured, leaves size and SHA-256 in the rows, and moves the share to READY. Safe to run twice at once: the lease's
 * fence lets one of them win. A share that cannot be stored ends as FAILED; nothing was mailed.
 * @throws AppError unavailable where another try can help; the share is then back in RECEIVED
 */
export async function storeAttachments(deps: StoreDeps, shareId: string): Promise<void> {
  const lease = await claimShare(deps, shareId);
  if (!lease) return;
  try {
    await oweNotice(deps.db, 'SHARE', shareId);
    const attachments = await deps.db.attachment.findMany({
      where: { shareId },
      orderBy: { position: 'asc' },
    });
    for (const attachment of attachments) {
      if (attachment.state === 'EXPECTED') await storeAttachment(deps, lease, attachment);
    }
    await becomeReady(deps, lease);
  } catch (error) {
    await giveUp(deps, lease, error);
  } finally {
    lease.stop();
  }
}

async function storeAttachment(deps: StoreDeps, lease: ShareLease, attachment: Attachment): Promise<void> {
  const source = attachmentSource.parse(attachment.source);
  const isUpload = source.kind === 'upload';
  const storageKey = isUpload ? attachment.storageKey : newObjectKey(lease.shareId);
  if (!storageKey) throw new AppError('invalid', 'file.upload_missing', { name: attachment.name });
  const announced = Number(attachment.sizeBytes);
  const scan = await deps.scanner?.begin(attachment.name);
  const read = await readThrough(deps, lease, attachment, storageKey, scan).finally(() => {
    scan?.close();
  });
  const { sizeBytes, sha256, missed } = read;
  if (isUpload) checkUpload(attachment.name, sizeBytes, deps.limits.maxFileBytes);
  await deps.db.$transaction(async (tx) => {
    await lease.require(tx);
    if (sizeBytes !== announced) await correctSize(tx, attachment, sizeBytes, deps.limits.maxLiveBytes);
    await tx.attachment.update({
      where: { id: attachment.id },
      data: {
        ...{ state: 'STORED', storageKey, sha256, sizeBytes },
        verifyAt: new Date(Date.now() + deps.timings.scrubEveryMs),
      },
    });
    await oweRepairs(tx, attachment.id, missed);
  });
}

/**
 * Every byte once, to the scanner too, and into storage: a chat file with every member, an upload with those that it
 * has not landed with. @returns what was read, and the members that have no copy
 */
async function readThrough(
  deps: StoreDeps,
  lease: ShareLease,
  attachment: Attachment,
  storageKey: string,
  scan: Scan | undefined,
): Promise<Measured & { missed: string[] }> {
  const source = attachmentSource.parse(attachment.source);
  const announced = Number(attachment.sizeBytes);
  const landed = source.kind === 'upload' ? await openUpload(deps.files, storageKey, attachment.name) : null;
  const reading =
    landed?.bytes ?? (await deps.fetchers.fetch(source, { name: attachment.name, sizeBytes: announced }));
  const bytes = source.kind === 'upload' ? reading : fromPlatform(reading, attachment, source.kind);
  const meter = measure(scan?.pass(bytes) ?? bytes, lease.signal);
  try {
    const passing = Readable.from(meter.chunks, { objectMode: false });
    const { missed } = landed
      ? await deps.files.put(storageKey, passing, landed.sizeBytes, landed.member)
      : await deps.files.put(storageKey, passing, announced);
    await scan?.finish();
    return { ...meter.result(), missed };
  } finally {
    // Storage that refuses before it reads leaves the line to the source open.
    reading.destroy();
  }
}

async function openUpload(
  files: StoreDeps['files'],
  storageKey: string,
  name: string,
): Promise<StoredObject> {
  try {
    return await files.open(storageKey);
  } catch (error) {
    const isMissing = error instanceof AppError && error.kind === 'not_found';
    throw isMissing ? new AppError('invalid', 'file.upload_missing', { name }, { cause: error }) : error;
  }
}

/** A platform's answer that must end after the announced size; an early end or a broken line may pass. */
async function* fromPlatform(
  source: Readable,
  { name, sizeBytes }: Attachment,
  kind: 'slack' | 'discord',
): AsyncGenerator<Buffer> {
  let left = Number(sizeBytes);
  const broken = (cause?: unknown): AppError =>
    new AppError('unavailable', 'file.unreachable', { name, platform: PLATFORM_NAMES[kind] }, { cause });
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) throw new AppError('invalid', 'file.size_differs', { name });
      yield chunk;
    }
  } catch (error) {
    throw error instanceof AppError ? error : broken(error);
  }
  if (left > 0) throw broken(new Error(`${left} bytes short`));
}

const PLATFORM_NAMES = { slack: 'Slack', discord: 'Discord' } as const;

interface Measured {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

/** Counts and hashes what passes. The chunks end early, with an error, once the lease is lost. */
function measure(
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): { chunks: AsyncIterable<Buffer>; result: () => Measured } {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: chunks(), result: () => ({ sizeBytes, sha256: hash.digest('hex') }) };
}

function checkUpload(name: string, sizeBytes: number, limitBytes: number): void {
  if (sizeBytes === 0) throw new AppError('invalid', 'file.empty', { name });
  if (sizeBytes > limitBytes)
    throw new AppError('invalid', 'file.too_large', { name, sizeBytes, limitBytes });
}

async function becomeReady(deps: StoreDeps, lease: ShareLease): Promise<void> {
  const { shareId, fence } = lease;
  const ready = await deps.db.$transaction(async (tx) => {
    const changed = await tx.$executeRaw`
      UPDATE share SET state = 'READY', ready_at = now(), lease_until = NULL
      WHERE id = ${shareId}::uuid AND state = 'STORING' AND fence = ${fence}`;
    if (changed > 0) await oweNotice(tx, 'SHARE', shareId);
    return changed > 0;
  });
  if (!ready) return;
  deps.log.info({ shareId }, 'share stored');
  await markReady(deps, shareId);
}

async function giveUp(deps: StoreDeps, lease: ShareLease, error: unknown): Promise<void> {
  const { shareId, fence } = lease;
  if (lease.signal.aborted) {
    // Where it was revoked meanwhile, the object may have been written after the others were deleted.
    await deps.queue.add('delete-objects', { shareId });
    return;
  }
  const failure = failureOf(error);
  const isLastTry = failure !== null && lease.failures[failure] + 1 >= MAX_FAILURES[failure];
  const reason = finalReason(error, isLastTry, shareId);
  if (reason) {
    const failed = await deps.db.$transaction((tx) =>
      endShare(tx, shareId, { state: 'FAILED', by: null, reason, fence }),
    );
    if (failed) deps.log.warn({ shareId, code: reason.code, err: error }, 'share failed');
    await deps.queue.add('delete-objects', { shareId });
    return;
  }
  await lease.release(failure);
  throw error;
}

/** What an error counts as; null for storage that is down, which is waited for without end. */
function failureOf(error: unknown): keyof Failures | null {
  if (!(error instanceof AppError)) return 'unexpectedErrors';
  return error.code === 'file.unreachable' ? 'fetchFailures' : null;
}

/** Why another try cannot help; null where it can. */
function finalReason(error: unknown, isLastTry: boolean, shareId: string): AppError | null {
  if (error instanceof AppError && error.kind !== 'unavailable') return error;
  if (!isLastTry) return null;
  return error instanceof AppError
    ? error
    : new AppError('unavailable', 'unexpected', { reference: shareId });
}
