import { Readable } from 'node:stream';
import { isAppError, WrongBytes } from '../errors.js';
import type { Deps, Sql, StorageMember } from '../ports.js';
import { sharePrefix } from '../storage-keys.js';
import { findStored, type StoredAttachment } from './stored-attachment.js';
import { verifiedBytes } from './verified-bytes.js';

type CopyDeps = Pick<Deps, 'members' | 'sql' | 'log'>;

/**
 * Gives a member its copy back, from the first other one that has the right bytes; a copy that turns out to be wrong
 * on the way is owed too. Takes the copy away again where the share has ended meanwhile. Safe to run twice at once.
 * @returns false where no other member has the right bytes now @throws AppError unavailable where `target` does not take them
 */
export async function copyTo(
  deps: CopyDeps,
  target: StorageMember,
  attachment: StoredAttachment,
): Promise<boolean> {
  for (const source of deps.members.filter(({ name }) => name !== target.name)) {
    const isCopied = await copyFrom(source, target, attachment).catch(async (error: unknown) => {
      if (!(error instanceof WrongBytes)) throw error;
      await oweCopy(deps.sql, attachment.attachmentId, source.name);
      return false;
    });
    if (!isCopied) continue;
    await settle(deps, target, attachment);
    return true;
  }
  return false;
}

/** A copy that is missing or wrong, to be made again. */
export async function oweCopy(sql: Sql, attachmentId: string, member: string): Promise<void> {
  const text = 'INSERT INTO storage_repair (attachment_id, member) VALUES ($1, $2) ON CONFLICT DO NOTHING';
  await sql.query(text, [attachmentId, member]);
}

/** @returns false where the source cannot be read */
async function copyFrom(
  source: StorageMember,
  target: StorageMember,
  { storageKey, ...expected }: StoredAttachment,
): Promise<boolean> {
  const object = await source.open(storageKey).catch((error: unknown) => {
    if (isAppError(error)) return null;
    throw error;
  });
  if (!object) return false;
  let brokenSource: unknown;
  const bytes = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* verifiedBytes(object.bytes, expected);
    } catch (error) {
      brokenSource = error;
      throw error;
    }
  };
  try {
    const body = Readable.from(bytes(), { objectMode: false });
    await target.put(storageKey, body, expected.sizeBytes, { replaces: true });
    return true;
  } catch (error) {
    if (brokenSource !== undefined && isAppError(brokenSource)) return false;
    throw error;
  } finally {
    object.bytes.destroy();
  }
}

async function settle(deps: CopyDeps, target: StorageMember, attachment: StoredAttachment): Promise<void> {
  const { attachmentId, shareId } = attachment;
  // Its objects may have been deleted while this one was on its way.
  if (!(await findStored(deps.sql, attachmentId))) await target.deleteAll(sharePrefix(shareId));
  await deps.sql.query('DELETE FROM storage_repair WHERE attachment_id = $1 AND member = $2', [
    attachmentId,
    target.name,
  ]);
  deps.log.info({ shareId, member: target.name }, 'copy made again');
}
