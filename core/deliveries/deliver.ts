import type { DeliveryState } from '../../prisma/generated/enums.js';
import type { Mailer, MailResult, OutgoingMail, Sql } from '../ports.js';
import { oweShareNotice } from '../notices.js';
import { claimDelivery, isSuppressedNow, type ClaimedDelivery } from './claim.js';

/** What the Lambda works with: one Postgres connection, the mail service, and how a mail is written. */
export interface DeliverDeps {
  /** One connection, not a pool: a transaction spans several calls. */
  sql: Sql;
  mailer: Mailer;
  leaseMs: number;
  /** Mails a second over all processes. */
  sendRate: number;
  /** Null where the rows behind the delivery are gone: there is nobody to write to any more. */
  compose(delivery: ClaimedDelivery): Promise<OutgoingMail | null>;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Milliseconds that never jump; injected so that a test can freeze a process. */
  monotonicMs(): number;
  /** Aborted where the process is asked to end: the mail under way is then its last. */
  stopping?: AbortSignal;
}

/** Between the commit of SENDING and the call, more than this means that the process was frozen. */
const MAX_PAUSE_MS = 5_000;

/**
 * Sends what is due behind one ready mark, one mail after the other, until nothing is left or `deadlineMs`
 * (on the monotonic clock) is near; the reconciler marks the rest again. Safe to run many times at once.
 */
export async function deliver(
  deps: DeliverDeps,
  target: { shareId: string } | { deliveryId: string },
  deadlineMs: number,
): Promise<void> {
  while (deps.monotonicMs() < deadlineMs && !deps.stopping?.aborted) {
    const claimedAtMs = deps.monotonicMs();
    const claimed = await claimDelivery(deps.sql, target, deps.leaseMs);
    if (!claimed) return;
    const mail = claimed.isSuppressed ? null : await deps.compose(claimed);
    if (!mail) {
      await giveUp(deps, claimed);
      continue;
    }
    // Half of the lease is left for what follows: less than a third of it, and nothing is sent.
    if (!(await waitForTurn(deps, Math.min(deadlineMs, claimedAtMs + deps.leaseMs / 2)))) {
      await release(deps, claimed);
      return;
    }
    await sendClaimed(deps, claimed, mail);
  }
}

/**
 * Takes the next place in the row of all mails and waits for it. @returns false, without taking one, where the
 * next is later than `untilMs`: a place that nobody mails in would hold up every other process
 */
async function waitForTurn(deps: DeliverDeps, untilMs: number): Promise<boolean> {
  const { rows } = await deps.sql.query<{ wait_ms: number }>(
    `INSERT INTO send_rate AS r (id, next_at) VALUES (1, now() + $1 * interval '1 s')
     ON CONFLICT (id) DO UPDATE SET next_at = greatest(r.next_at, now()) + $1 * interval '1 s'
       WHERE r.next_at <= now() + $2 * interval '1 ms'
     RETURNING greatest(0, ceil(extract(epoch FROM next_at - now() - $1 * interval '1 s') * 1000))::int AS wait_ms`,
    [1 / deps.sendRate, Math.max(0, untilMs - deps.monotonicMs())],
  );
  const waitMs = rows[0]?.wait_ms;
  if (waitMs === undefined) return false;
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  return true;
}

/** CLAIMED → PENDING: no call was made, and whoever comes next need not wait for the lease to lapse. */
async function release({ sql }: DeliverDeps, { deliveryId, fence }: ClaimedDelivery): Promise<void> {
  await sql.query(
    `UPDATE delivery SET state = 'PENDING', lease_until = NULL, state_at = now()
     WHERE id = $1 AND fence = $2 AND state = 'CLAIMED'`,
    [deliveryId, fence],
  );
}

/** What became of a mail; the last two are known without a call. */
type Ending = MailResult | { outcome: 'cancelled' | 'suppressed'; errorCode: null };

async function sendClaimed(deps: DeliverDeps, claimed: ClaimedDelivery, mail: OutgoingMail): Promise<void> {
  const { sql, log } = deps;
  const committedAtMs = deps.monotonicMs();
  if (!(await beginSending(deps, claimed))) return;
  // The share's row is held while the mail is handed over: a revoke that commits has no mail behind it.
  const ending = await inTransaction(sql, async () => {
    const isWanted = await holdSubject(sql, claimed);
    const isSuppressed = await isSuppressedNow(sql, claimed.deliveryId);
    const isFrozen = deps.monotonicMs() - committedAtMs > MAX_PAUSE_MS;
    let ending: Ending;
    if (!isWanted) ending = { outcome: 'cancelled', errorCode: null };
    else if (isSuppressed) ending = { outcome: 'suppressed', errorCode: null };
    else if (isFrozen) ending = { outcome: 'unknown', errorCode: 'frozen' };
    else ending = await deps.mailer.send(mail);
    await settle(sql, claimed, ending);
    if (claimed.shareId) await oweShareNotice(sql, claimed.shareId);
    return ending;
  });
  const fields = { deliveryId: claimed.deliveryId, shareId: claimed.shareId, outcome: ending.outcome };
  if (ending.outcome === 'sent') log.info(fields, 'mail sent');
  else log.warn({ ...fields, errorCode: ending.errorCode }, 'mail not sent');
}

async function inTransaction<T>(sql: Sql, work: () => Promise<T>): Promise<T> {
  await sql.query('BEGIN');
  try {
    const result = await work();
    await sql.query('COMMIT');
    return result;
  } catch (error) {
    await sql.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** CLAIMED → SUPPRESSED, or CANCELLED where there is nobody to write to any more: no call was made. */
async function giveUp({ sql, log }: DeliverDeps, claimed: ClaimedDelivery): Promise<void> {
  const { deliveryId, shareId, fence, isSuppressed } = claimed;
  const state = isSuppressed ? 'SUPPRESSED' : 'CANCELLED';
  await inTransaction(sql, async () => {
    await sql.query(
      `UPDATE delivery SET state = $3::delivery_state, error_code = NULL, lease_until = NULL, state_at = now()
       WHERE id = $1 AND fence = $2 AND state = 'CLAIMED'`,
      [deliveryId, fence, state],
    );
    if (shareId) await oweShareNotice(sql, shareId);
  });
  log.warn({ deliveryId, shareId, state }, 'mail given up');
}

/** CLAIMED → SENDING, committed before the call and never undone by itself. A third of the lease must be left. */
async function beginSending({ sql, leaseMs }: DeliverDeps, claimed: ClaimedDelivery): Promise<boolean> {
  const { rowCount } = await sql.query(
    `UPDATE delivery SET state = 'SENDING', state_at = now()
     WHERE id = $1 AND fence = $2 AND state = 'CLAIMED' AND lease_until > now() + $3 * interval '1 ms'`,
    [claimed.deliveryId, claimed.fence, leaseMs / 3],
  );
  return rowCount === 1;
}

/** Locks the share and the recipient against a revoke until COMMIT. @returns whether the mail is still wanted */
async function holdSubject(sql: Sql, claimed: ClaimedDelivery): Promise<boolean> {
  if (!claimed.shareId) return true;
  const { rows } = await sql.query(
    `SELECT 1 FROM share s JOIN recipient r ON r.share_id = s.id
     WHERE s.id = $1 AND r.id = $2 AND s.state = 'READY' AND s.expires_at > now() AND r.revoked_at IS NULL
     FOR SHARE`,
    [claimed.shareId, claimed.subjectId],
  );
  return rows.length > 0;
}

/** An answer that arrives after the lease lapsed still tells whether the mail left. */
async function settle(sql: Sql, claimed: ClaimedDelivery, ending: Ending): Promise<void> {
  const { state, delaySeconds } = settled(ending, claimed.fence);
  const isSent = ending.outcome === 'sent';
  await sql.query(
    `UPDATE delivery SET state = $3::delivery_state, message_id = $4, error_code = $5,
            next_at = now() + $6 * interval '1 s', lease_until = NULL, state_at = now()
     WHERE id = $1 AND fence = $2 AND (state = 'SENDING' OR (state = 'UNCONFIRMED' AND $3 = 'SENT'))`,
    [
      claimed.deliveryId,
      claimed.fence,
      state,
      isSent ? ending.messageId : null,
      isSent ? null : ending.errorCode,
      delaySeconds,
    ],
  );
}

function settled({ outcome }: Ending, fence: number): { state: DeliveryState; delaySeconds: number } {
  switch (outcome) {
    case 'sent':
      return { state: 'SENT', delaySeconds: 0 };
    case 'not-taken':
      return { state: 'PENDING', delaySeconds: Math.min(300, 2 ** fence) };
    case 'refused':
      return { state: 'FAILED', delaySeconds: 0 };
    case 'unknown':
      return { state: 'UNCONFIRMED', delaySeconds: 0 };
    case 'cancelled':
      return { state: 'CANCELLED', delaySeconds: 0 };
    case 'suppressed':
      return { state: 'SUPPRESSED', delaySeconds: 0 };
  }
}
