import { recordAudit } from '../audit.js';
import { oweMail } from '../deliveries/owe-mail.js';
import { AppError, FieldErrors } from '../errors.js';
import { readToken } from '../links/tokens.js';
import type { Deps } from '../ports.js';
import { emailKey, normaliseEmail } from '../shares/recipients.js';
import { isFlooded } from './register.js';
import { findWeakness } from './registration.js';
import { TOKEN_LIFETIME_MINUTES } from './token-lifetimes.js';

/**
 * Mails a reset link where the address has an account; answers the same where it has none. After five requests within
 * an hour, registrations included, nothing happens.
 */
export async function requestReset(
  deps: Pick<Deps, 'db' | 'marks' | 'log' | 'rates'>,
  email: string,
): Promise<void> {
  const address = normaliseEmail(email.trim());
  if (!address || (await isFlooded(deps.rates, emailKey(address)))) return;
  const account = await deps.db.account.findUnique({ where: { emailKey: emailKey(address) } });
  if (!account) return;
  const kind = account.confirmedAt ? 'RESET_PASSWORD' : 'CONFIRM_ADDRESS';
  await oweMail(deps, { kind, accountId: account.id, email: account.email });
}

/** Whether a reset link still works; changes nothing. @throws AppError gone */
export async function checkReset(
  deps: Pick<Deps, 'db' | 'linkSecrets'>,
  token: string,
): Promise<{ accountId: string; deliveryId: string; words: string[] }> {
  const deliveryId = readToken(deps.linkSecrets, 'reset-password', token);
  const rows = deliveryId
    ? await deps.db.$queryRaw<{ accountId: string; firstName: string; lastName: string; email: string }[]>`
        SELECT a.id AS "accountId", a.first_name AS "firstName", a.last_name AS "lastName", a.email
        FROM delivery d JOIN account a ON a.id = d.subject_id
        WHERE d.id = ${deliveryId}::uuid AND d.kind = 'RESET_PASSWORD' AND d.used_at IS NULL
          AND d.created_at > now() - ${TOKEN_LIFETIME_MINUTES.RESET_PASSWORD} * interval '1 minute'`
    : [];
  const row = rows[0];
  if (!deliveryId || !row) throw new AppError('gone', 'account.token_dead', {});
  return {
    accountId: row.accountId,
    deliveryId,
    words: [row.firstName, row.lastName, row.email.split('@')[0] ?? ''],
  };
}

/** Sets a new password, once per link; every other reset link and every session of the account ends. */
export async function resetPassword(
  deps: Pick<Deps, 'db' | 'linkSecrets' | 'passwords'>,
  token: string,
  password: string,
): Promise<void> {
  const { accountId, deliveryId, words } = await checkReset(deps, token);
  const weakness = await findWeakness(deps.passwords, password, words);
  if (weakness) throw new FieldErrors({ password: weakness });
  const passwordHash = await deps.passwords.hash(password);
  await deps.db.$transaction(async (tx) => {
    const used = await tx.delivery.updateMany({
      where: { id: deliveryId, usedAt: null },
      data: { usedAt: new Date() },
    });
    if (used.count === 0) throw new AppError('gone', 'account.token_dead', {});
    await tx.delivery.updateMany({
      where: { subjectId: accountId, kind: 'RESET_PASSWORD', usedAt: null },
      data: { usedAt: new Date() },
    });
    await tx.account.update({
      where: { id: accountId },
      data: { passwordHash, passwordVersion: { increment: 1 } },
    });
    await tx.$executeRaw`DELETE FROM session WHERE sess->>'accountId' = ${accountId}`;
    await recordAudit(tx, { accountId, action: 'account.password_reset' });
  });
}
