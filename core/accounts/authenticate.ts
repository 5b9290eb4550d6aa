import type { Account } from '../../prisma/generated/client.js';
import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import type { Deps } from '../ports.js';
import { emailKey, normaliseEmail } from '../shares/recipients.js';

type AuthDeps = Pick<Deps, 'db' | 'passwords' | 'rates'>;

/**
 * The account behind an address and a password. An unknown address, a wrong password and a right one all take
 * one hash. Tries are counted by client address, by account from that address, and, far more generously, by account
 * from everywhere, so that a stranger who guesses does not lock its owner out.
 * @throws AppError unauthenticated, limit, unavailable
 */
export async function authenticate(
  deps: AuthDeps,
  email: string,
  password: string,
  clientAddress: string,
): Promise<Account> {
  const address = normaliseEmail(email.trim());
  const key = emailKey(address ?? email.trim());
  await deps.rates.consume('sign-in-address', clientAddress);
  const here = `${key} ${clientAddress}`;
  await deps.rates.consume('sign-in-account-here', here);
  await deps.rates.consume('sign-in-account', key);
  const account = address ? await deps.db.account.findUnique({ where: { emailKey: key } }) : null;
  const isRight = await deps.passwords.verify(account?.passwordHash ?? null, password);
  if (!account || !isRight) {
    await recordAudit(deps.db, { accountId: account?.id ?? null, action: 'session.refused' });
    throw new AppError('unauthenticated', 'account.sign_in_failed', {});
  }
  await deps.rates.reset('sign-in-account-here', here);
  await deps.rates.reset('sign-in-account', key);
  await recordAudit(deps.db, { accountId: account.id, action: 'session.started' });
  return account;
}

/** Asks somebody who is signed in for the password again, before something that matters. @throws as authenticate */
export async function checkPasswordAgain(deps: AuthDeps, accountId: string, password: string): Promise<void> {
  await deps.rates.consume('password-again', accountId);
  const account = await deps.db.account.findUnique({ where: { id: accountId } });
  if (!account || !(await deps.passwords.verify(account.passwordHash, password))) {
    throw new AppError('invalid', 'account.password_wrong', {});
  }
  await deps.rates.reset('password-again', accountId);
}
