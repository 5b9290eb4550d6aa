import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { readToken } from '../links/tokens.js';
import type { Deps } from '../ports.js';
import { TOKEN_LIFETIME_MINUTES } from './token-lifetimes.js';

/** Whether a confirmation link still works; changes nothing, so that mail scanners may look. @throws AppError gone */
export async function checkConfirmation(
  deps: Pick<Deps, 'db' | 'linkSecrets'>,
  token: string,
): Promise<{ accountId: string; passwordHash: string }> {
  const deliveryId = readToken(deps.linkSecrets, 'confirm-address', token);
  const rows = deliveryId
    ? await deps.db.$queryRaw<{ accountId: string; passwordHash: string }[]>`
        SELECT a.id AS "accountId", a.password_hash AS "passwordHash"
        FROM delivery d JOIN account a ON a.id = d.subject_id
        WHERE d.id = ${deliveryId}::uuid AND d.kind = 'CONFIRM_ADDRESS' AND d.used_at IS NULL AND a.confirmed_at IS NULL
          AND d.created_at > now() - ${TOKEN_LIFETIME_MINUTES.CONFIRM_ADDRESS} * interval '1 minute'`
    : [];
  if (!rows[0]) throw new AppError('gone', 'account.token_dead', {});
  return rows[0];
}

/**
 * Confirms an address with the password chosen at registration, so that whoever owns the mailbox cannot be
 * made to confirm a stranger's account. Works once; signs nobody in.
 * @throws AppError gone, invalid (`account.password_wrong`), limit
 */
export async function confirmAddress(
  deps: Pick<Deps, 'db' | 'linkSecrets' | 'passwords' | 'rates'>,
  token: string,
  password: string,
): Promise<void> {
  const { accountId, passwordHash } = await checkConfirmation(deps, token);
  await deps.rates.consume('password-again', accountId);
  if (!(await deps.passwords.verify(passwordHash, password))) {
    throw new AppError('invalid', 'account.password_wrong', {});
  }
  await deps.db.$transaction(async (tx) => {
    const changed = await tx.account.updateMany({
      where: { id: accountId, confirmedAt: null },
      data: { confirmedAt: new Date() },
    });
    if (changed.count === 0) throw new AppError('gone', 'account.token_dead', {});
    await tx.delivery.updateMany({
      where: { subjectId: accountId, kind: 'CONFIRM_ADDRESS' },
      data: { usedAt: new Date() },
    });
    await recordAudit(tx, { accountId, action: 'account.confirmed' });
  });
}
