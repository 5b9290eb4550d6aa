import { setTimeout as wait } from 'node:timers/promises';
import type { BenchStack } from './with-stack.js';

export interface StoredShare {
  /** From the row that accepts the share to the one that says READY, by the database. */
  seconds: number;
  storageKey: string;
  sha256: string;
}

interface Row {
  state: string;
  seconds: number | null;
  storageKey: string | null;
  sha256: string | null;
}

/** Waits for the share of one file to that address to be stored. @throws Error where it ends otherwise, or not in time */
export async function waitUntilStored(
  { db }: BenchStack,
  email: string,
  patienceMs = 240_000,
): Promise<StoredShare> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const { rows } = await db.query<Row>(
      `SELECT s.state, extract(epoch FROM s.ready_at - s.created_at)::float AS seconds,
              a.storage_key AS "storageKey", a.sha256
       FROM share s JOIN recipient r ON r.share_id = s.id JOIN attachment a ON a.share_id = s.id
       WHERE r.email = $1`,
      [email],
    );
    const [row] = rows;
    if (row?.seconds && row.storageKey && row.sha256) return { ...row, seconds: row.seconds } as StoredShare;
    if (row && ['FAILED', 'REVOKED', 'EXPIRED'].includes(row.state))
      throw new Error(`the share is ${row.state}`);
    await wait(100);
  }
  throw new Error(`the share to ${email} was not stored within ${patienceMs / 1000} s`);
}

/** When SES accepted the mail to that address, in ms since 1970, by its journal. @throws Error after a minute */
export async function waitForMail({ urls }: BenchStack, email: string): Promise<number> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const response = await fetch(`${urls.inbox}/messages.json`);
    const mails = (await response.json()) as { at: string; destinations: string[] }[];
    const mail = mails.find(({ destinations }) => destinations.includes(email));
    if (mail) return Date.parse(mail.at);
    await wait(100);
  }
  throw new Error(`no mail to ${email} within a minute`);
}
