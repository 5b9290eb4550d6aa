import { AppError, isAppError } from '../errors.js';
import type { Deps } from '../ports.js';
import { copyTo } from './copy-to.js';
import { findStored } from './stored-attachment.js';

/**
 * Makes every copy again that members owe of one attachment. Safe to repeat.
 * @throws AppError unavailable where one is still owed; its row says when it is tried again
 */
export async function repairAttachment(
  deps: Pick<Deps, 'members' | 'sql' | 'log'>,
  attachmentId: string,
): Promise<void> {
  const { rows } = await deps.sql.query<{ member: string }>(
    'SELECT member FROM storage_repair WHERE attachment_id = $1',
    [attachmentId],
  );
  const attachment = await findStored(deps.sql, attachmentId);
  const owed = deps.members.filter(({ name }) => attachment && rows.some(({ member }) => member === name));
  const forgotten = rows
    .map(({ member }) => member)
    .filter((name) => !owed.some((each) => each.name === name));
  // The share has ended, or the member is one no more.
  await deps.sql.query('DELETE FROM storage_repair WHERE attachment_id = $1 AND member = ANY($2)', [
    attachmentId,
    forgotten,
  ]);
  let isOwed = false;
  for (const target of owed) {
    if (!attachment) break;
    const isCopied = await copyTo(deps, target, attachment).catch((error: unknown) => {
      if (isAppError(error)) return false;
      throw error;
    });
    if (!isCopied) isOwed = true;
  }
  if (isOwed) throw new AppError('unavailable', 'storage.unavailable', {});
}
