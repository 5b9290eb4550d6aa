import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { withRowLock } from '../row-lock.js';
import { isUuid } from '../uuid.js';
import { endShare } from './end-share.js';
import { getOwnShare } from './own-share.js';

type RevokeDeps = Pick<Deps, 'db' | 'queue' | 'log'>;

/**
 * Withdraws a share: once this returns no mail leaves and no download starts; its objects go within a minute,
 * its history stays. A mail that is being sent at this moment is waited for. Safe to repeat.
 * @throws AppError not_found, unavailable (`share.busy`)
 */
export async function revokeShare(deps: RevokeDeps, accountId: string, shareId: string): Promise<void> {
  await getOwnShare(deps.db, accountId, shareId);
  await revoke(deps, accountId, shareId);
}

/** Revokes where it still lives, and hides it from the sender's history. Safe to repeat. @throws as revokeShare */
export async function deleteShare(deps: RevokeDeps, accountId: string, shareId: string): Promise<void> {
  await getOwnShare(deps.db, accountId, shareId, { orHidden: true });
  await revoke(deps, accountId, shareId);
  const hidden = await deps.db.share.updateMany({
    where: { id: shareId, accountId, hiddenAt: null },
    data: { hiddenAt: new Date() },
  });
  if (hidden.count > 0)
    await recordAudit(deps.db, { accountId, action: 'share.deleted', subjectId: shareId });
}

/** Withdraws the link of one recipient; the others keep theirs. Safe to repeat. @throws as revokeShare */
export async function revokeRecipient(
  deps: RevokeDeps,
  accountId: string,
  shareId: string,
  recipientId: string,
): Promise<void> {
  await getOwnShare(deps.db, accountId, shareId);
  if (!isUuid(recipientId)) throw new AppError('not_found', 'share.not_found', {});
  await withRowLock(deps.db, async (tx) => {
    const changed = await tx.recipient.updateMany({
      where: { id: recipientId, shareId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    if (changed.count === 0) {
      const known = await tx.recipient.count({ where: { id: recipientId, shareId } });
      if (known === 0) throw new AppError('not_found', 'share.not_found', {});
      return;
    }
    await tx.delivery.updateMany({
      where: { subjectId: recipientId, shareId, state: { in: ['PENDING', 'CLAIMED'] } },
      data: { state: 'CANCELLED', stateAt: new Date() },
    });
    await recordAudit(tx, { accountId, action: 'recipient.revoked', subjectId: recipientId });
    await oweNotice(tx, 'SHARE', shareId);
  });
}

async function revoke(deps: RevokeDeps, accountId: string, shareId: string): Promise<void> {
  const revoked = await withRowLock(deps.db, (tx) =>
    endShare(tx, shareId, { state: 'REVOKED', by: accountId }),
  );
  if (!revoked) return;
  deps.log.info({ shareId }, 'share revoked');
  await deps.queue.add('delete-objects', { shareId });
}
