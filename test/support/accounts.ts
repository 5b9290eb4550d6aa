import { randomUUID } from 'node:crypto';
import type { Database } from '../../core/ports.js';
import type { Account } from '../../prisma/generated/client.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A confirmed account, a month old, with the password `fakePasswords` knows as `a long enough one`. */
export async function createAccount(
  db: Database,
  options: {
    confirmed?: boolean;
    paused?: boolean;
    ageDays?: number;
    email?: string;
    passwordHash?: string;
  } = {},
): Promise<Account> {
  const {
    confirmed = true,
    paused = false,
    ageDays = 30,
    passwordHash = 'clear:a long enough one',
  } = options;
  const email = options.email ?? `ann.${randomUUID()}@sender.example`;
  const confirmedAt = new Date(Date.now() - ageDays * DAY_MS);
  return db.account.create({
    data: {
      firstName: 'Ann',
      lastName: 'Lee',
      email,
      emailKey: email.toLowerCase(),
      passwordHash,
      confirmedAt: confirmed ? confirmedAt : null,
      pausedAt: paused ? new Date() : null,
    },
  });
}
