import { randomUUID } from 'node:crypto';
import type { Prisma } from '../../prisma/generated/client.js';
import { recordAudit } from '../audit.js';
import { isAppError } from '../errors.js';
import type { Deps, RateLimiter } from '../ports.js';
import { emailKey } from '../shares/recipients.js';
import { oweMail } from '../deliveries/owe-mail.js';
import { checkRegistration, type Registration } from './registration.js';

/**
 * Registers an account, unconfirmed until its address is confirmed by mail. Answers the same whether or not
 * the address has an account: its owner then gets a mail that says so. A new registration replaces an
 * unconfirmed one whole, so nothing of a stranger's survives; after five within an hour nothing happens at all. @throws FieldErrors, AppError unavailable
 */
export async function registerAccount(
  deps: Pick<Deps, 'db' | 'marks' | 'log' | 'passwords' | 'rates'>,
  form: Registration,
): Promise<void> {
  const { db, passwords } = deps;
  const { password, ...person } = await checkRegistration(passwords, form);
  const passwordHash = await passwords.hash(password);
  const key = emailKey(person.email);
  if (await isFlooded(deps.rates, key)) return;
  const accountId = randomUUID();
  const mail = await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`register:${key}`}, 0))`;
    const existing = await tx.account.findUnique({ where: { emailKey: key } });
    if (existing && !(await deleteUnconfirmed(tx, existing.id))) {
      return { kind: 'NOTICE', topic: 'already-registered', accountId: existing.id } as const;
    }
    await tx.account.create({ data: { id: accountId, ...person, emailKey: key, passwordHash } });
    await recordAudit(tx, { accountId, action: 'account.registered' });
    return { kind: 'CONFIRM_ADDRESS', accountId } as const;
  });
  await oweMail(deps, { ...mail, email: person.email });
}

/** Deletes an account and its mails, unless it is confirmed, even at this moment. @returns whether it is gone */
async function deleteUnconfirmed(tx: Prisma.TransactionClient, id: string): Promise<boolean> {
  const deleted = await tx.account.deleteMany({ where: { id, confirmedAt: null } });
  if (deleted.count === 0) return false;
  await tx.delivery.deleteMany({ where: { subjectId: id, state: 'PENDING' } });
  return true;
}

/** Whether an address was registered so often within an hour that another mail would only annoy its owner. */
export async function isFlooded(rates: RateLimiter, key: string): Promise<boolean> {
  try {
    await rates.consume('mail-to-address', key);
    return false;
  } catch (error) {
    if (isAppError(error) && error.kind === 'limit') return true;
    throw error;
  }
}
