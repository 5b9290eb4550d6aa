import type { Deps } from '../ports.js';
import { checkCopy, type CopyState } from './check-copy.js';
import { copyTo, oweCopy } from './copy-to.js';
import { findStored, type StoredAttachment } from './stored-attachment.js';

type VerifyDeps = Pick<Deps, 'members' | 'sql' | 'log' | 'timings'>;

/** What became of one attachment's copies. */
export interface Verification {
  /** As they were found. */
  copies: { member: string; state: CopyState }[];
  /** Members whose copy was made again. */
  repaired: string[];
  /** No member has the right bytes. */
  isLost: boolean;
}

/** Scrubs one attachment: the job. Safe to repeat. */
export async function verifyAttachment(deps: VerifyDeps, attachmentId: string): Promise<void> {
  const attachment = await findStored(deps.sql, attachmentId);
  if (attachment) await scrubAttachment(deps, attachment);
}

/**
 * Reads every copy of an attachment, and makes those again that are missing or wrong. The next time is due as
 * `timings` say, unless a member could not be asked.
 */
export async function scrubAttachment(
  deps: VerifyDeps,
  attachment: StoredAttachment,
  onRead?: (bytes: number) => void,
): Promise<Verification> {
  const { attachmentId, shareId } = attachment;
  const copies: Verification['copies'] = [];
  for (const member of deps.members) {
    copies.push({ member: member.name, state: await checkCopy(member, attachment, onRead) });
  }
  const having = (...states: CopyState[]): typeof copies =>
    copies.filter(({ state }) => states.includes(state));
  const bad = having('wrong', 'missing');
  for (const { member } of bad) await oweCopy(deps.sql, attachmentId, member);
  const isLost = bad.length === copies.length;
  if (bad.length > 0) {
    const fields = { shareId, attachmentId, members: bad.map(({ member }) => member) };
    if (isLost) deps.log.error(fields, 'no copy of a file is right');
    else deps.log.warn(fields, 'copies of a file are missing or wrong');
  }
  const repaired = isLost
    ? []
    : await repair(
        deps,
        attachment,
        bad.map(({ member }) => member),
      );
  if (having('unreachable').length === 0) {
    await deps.sql.query(
      `UPDATE attachment SET verified_at = now(), verify_at = now() + $2 * interval '1 ms' WHERE id = $1`,
      [attachmentId, deps.timings.scrubEveryMs],
    );
  }
  return { copies, repaired, isLost };
}

/** What cannot be done now stays owed. */
async function repair(deps: VerifyDeps, attachment: StoredAttachment, names: string[]): Promise<string[]> {
  const repaired: string[] = [];
  for (const target of deps.members.filter(({ name }) => names.includes(name))) {
    if (await copyTo(deps, target, attachment).catch(() => false)) repaired.push(target.name);
  }
  return repaired;
}
