import { isAppError } from '../errors.js';
import type { Deps, StorageMember } from '../ports.js';
import { copyTo, oweCopy } from './copy-to.js';
import { eachStored, type StoredAttachment } from './stored-attachment.js';

/** Copies made at once: small files wait for answers more than for bytes. */
const AT_ONCE = 4;

export interface Rebuilt {
  /** Copies that were there already, by their size. */
  present: number;
  copied: number;
  copiedBytes: number;
  /** Copies that could not be made now: they stay owed, and are tried again. */
  owed: number;
}

/**
 * Gives members every copy that they lack or owe: after one was wiped, or added. Copies that are there with the right
 * size are left to the scrub. Safe to stop and to run again. `onDone` hears of each attachment and its size in bytes.
 */
export async function rebuild(
  deps: Pick<Deps, 'members' | 'sql' | 'log'>,
  targets: readonly StorageMember[],
  onDone: (bytes: number) => void = () => undefined,
): Promise<Rebuilt> {
  const rebuilt: Rebuilt = { present: 0, copied: 0, copiedBytes: 0, owed: 0 };
  const attachments = eachStored(deps.sql);
  const work = async (): Promise<void> => {
    for (let next = await attachments.next(); !next.done; next = await attachments.next()) {
      for (const target of targets) await fill(deps, target, next.value, rebuilt);
      onDone(next.value.sizeBytes);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rebuilt;
}

async function fill(
  deps: Pick<Deps, 'members' | 'sql' | 'log'>,
  target: StorageMember,
  attachment: StoredAttachment,
  rebuilt: Rebuilt,
): Promise<void> {
  const { attachmentId, storageKey, sizeBytes } = attachment;
  const owed = await deps.sql.query('SELECT 1 FROM storage_repair WHERE attachment_id = $1 AND member = $2', [
    attachmentId,
    target.name,
  ]);
  const isCopied = await (async () => {
    if (owed.rows.length === 0) {
      if ((await target.sizeOf(storageKey)) === sizeBytes) return null;
      await oweCopy(deps.sql, attachmentId, target.name);
    }
    return copyTo(deps, target, attachment);
  })().catch((error: unknown) => {
    if (isAppError(error)) return false;
    throw error;
  });
  if (isCopied === null) rebuilt.present += 1;
  else if (!isCopied) rebuilt.owed += 1;
  else {
    rebuilt.copied += 1;
    rebuilt.copiedBytes += sizeBytes;
  }
}
