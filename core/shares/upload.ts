import type { Attachment } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import type { Deps, UploadedPart } from '../ports.js';
import { newObjectKey } from '../storage-keys.js';
import { isUuid } from '../uuid.js';
import { partBytes } from './part-plan.js';

type UploadDeps = Pick<Deps, 'db' | 'uploads'>;

/**
 * What may be signed above the announced size: enough for a file that grew after the form was sent, whose size the
 * worker then corrects, and too little to keep in storage what no quota was asked for.
 */
const SIZE_TOLERANCE_BYTES = 1024 ** 2;

/** Begins the upload of one attachment, or goes on with the one that was begun. The key never leaves the server. */
export async function beginUpload(
  deps: UploadDeps,
  accountId: string,
  attachmentId: string,
): Promise<{ uploadId: string }> {
  const attachment = await getUpload(deps, accountId, attachmentId);
  if (attachment.uploadId) return { uploadId: attachment.uploadId };
  const storageKey = newObjectKey(attachment.shareId);
  const { uploadId } = await deps.uploads.begin(storageKey);
  const begun = await deps.db.attachment.updateMany({
    where: { id: attachmentId, uploadId: null },
    data: { uploadId, storageKey },
  });
  if (begun.count > 0) return { uploadId };
  await deps.uploads.abort(storageKey, uploadId);
  return beginUpload(deps, accountId, attachmentId);
}

/**
 * A URL for one part. All that is signed for a file is together no more than was announced for it, and the tolerance.
 * @throws AppError not_found, invalid where no upload runs or the part is none of `partBytes`
 */
export async function signUploadPart(
  deps: UploadDeps & Pick<Deps, 'limits'>,
  accountId: string,
  attachmentId: string,
  part: { partNumber: number; sizeBytes: number },
): Promise<string> {
  const { storageKey, uploadId, name, announcedBytes } = await getRunningUpload(
    deps,
    accountId,
    attachmentId,
  );
  if (part.partNumber < 1 || part.sizeBytes < 1) throw new AppError('invalid', 'request.malformed', {});
  const limitBytes = deps.limits.maxFileBytes;
  const maxPartBytes = partBytes(announcedBytes);
  const sizeBytes = (part.partNumber - 1) * maxPartBytes + part.sizeBytes;
  if (sizeBytes > limitBytes)
    throw new AppError('invalid', 'file.too_large', { name, sizeBytes, limitBytes });
  if (part.sizeBytes > maxPartBytes || sizeBytes > announcedBytes + SIZE_TOLERANCE_BYTES)
    throw new AppError('invalid', 'file.size_differs', { name });
  return deps.uploads.signPart(storageKey, uploadId, part.partNumber, part.sizeBytes);
}

/** The parts that have arrived, for a retry; null once they are joined. */
export async function listUploadParts(
  deps: UploadDeps,
  accountId: string,
  attachmentId: string,
): Promise<UploadedPart[] | null> {
  const attachment = await getUpload(deps, accountId, attachmentId);
  if (attachment.uploadedAt) return null;
  const { storageKey, uploadId } = requireRunning(attachment);
  return deps.uploads.listParts(storageKey, uploadId);
}

/**
 * Joins the parts; with the last attachment's, the share is RECEIVED and its job queued. Safe to repeat.
 * @throws AppError not_found, invalid
 */
export async function completeUpload(
  deps: UploadDeps & Pick<Deps, 'queue' | 'log'>,
  accountId: string,
  attachmentId: string,
  parts: { partNumber: number; etag: string }[],
): Promise<void> {
  const attachment = await getUpload(deps, accountId, attachmentId);
  if (!attachment.uploadedAt) {
    const { storageKey, uploadId } = requireRunning(attachment);
    await deps.uploads.complete(storageKey, uploadId, parts);
    const isMarked = await markUploaded(deps.db, attachmentId, uploadId);
    // Aborted while storage joined it, or marked by another call: the row says which.
    if (!isMarked) return completeUpload(deps, accountId, attachmentId, parts);
  }
  await receiveWhenComplete(deps, attachment.shareId);
}

/**
 * Says in its row that storage has joined an upload. @returns false where the row says so already, or the upload was
 * aborted: its object is then swept
 */
export async function markUploaded(db: Deps['db'], attachmentId: string, uploadId: string): Promise<boolean> {
  const marked = await db.attachment.updateMany({
    where: { id: attachmentId, uploadId, uploadedAt: null },
    data: { uploadedAt: new Date() },
  });
  return marked.count > 0;
}

/** Stops one upload and forgets its parts, so that it can begin anew. Safe to repeat. */
export async function abortUpload(deps: UploadDeps, accountId: string, attachmentId: string): Promise<void> {
  const { storageKey, uploadId, uploadedAt } = await getUpload(deps, accountId, attachmentId);
  if (!storageKey || !uploadId || uploadedAt) return;
  await deps.uploads.abort(storageKey, uploadId);
  await deps.db.attachment.updateMany({
    where: { id: attachmentId, uploadId, uploadedAt: null },
    data: { uploadId: null, storageKey: null },
  });
}

/** AWAITING_UPLOAD → RECEIVED once every attachment has landed; one caller wins. Also run by the reconciler. */
export async function receiveWhenComplete(
  deps: Pick<Deps, 'db' | 'queue' | 'log'>,
  shareId: string,
): Promise<void> {
  const received = await deps.db.$executeRaw`
    UPDATE share SET state = 'RECEIVED' WHERE id = ${shareId}::uuid AND state = 'AWAITING_UPLOAD'
      AND NOT EXISTS (SELECT 1 FROM attachment WHERE share_id = ${shareId}::uuid AND uploaded_at IS NULL)`;
  if (received === 0) return;
  deps.log.info({ shareId }, 'uploads complete');
  await deps.queue.add('store-attachments', { shareId });
}

async function getUpload(deps: UploadDeps, accountId: string, attachmentId: string): Promise<Attachment> {
  // The share is read before its attachment: one that has moved on has all of its uploads.
  const share = isUuid(attachmentId)
    ? await deps.db.share.findFirst({
        where: { accountId, hiddenAt: null, attachments: { some: { id: attachmentId } } },
        include: { attachments: { where: { id: attachmentId } } },
      })
    : null;
  const attachment = share?.attachments[0];
  if (!share || !attachment) throw new AppError('not_found', 'share.not_found', {});
  if (share.state !== 'AWAITING_UPLOAD' && !attachment.uploadedAt) {
    throw new AppError('gone', 'share.ended', {});
  }
  return attachment;
}

async function getRunningUpload(
  deps: UploadDeps,
  accountId: string,
  attachmentId: string,
): Promise<RunningUpload> {
  return requireRunning(await getUpload(deps, accountId, attachmentId));
}

interface RunningUpload {
  storageKey: string;
  uploadId: string;
  name: string;
  announcedBytes: number;
}

function requireRunning({ storageKey, uploadId, uploadedAt, name, sizeBytes }: Attachment): RunningUpload {
  if (!storageKey || !uploadId || uploadedAt) throw new AppError('invalid', 'file.upload_missing', { name });
  return { storageKey, uploadId, name, announcedBytes: Number(sizeBytes) };
}
