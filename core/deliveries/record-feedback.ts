import type { DeliveryKind, DeliveryState, SuppressionReason } from '../../prisma/generated/enums.js';
import { recordAuditBySql, type AuditAction } from '../audit.js';
import { oweMailNews, oweShareNotice } from '../notices.js';
import type { Logger, Sql } from '../ports.js';
import { pauseWhereHarmful } from './pause-sender.js';

/** What the mail service says about one mail that it took, in our words. */
export interface MailFeedback {
  /** The same for every copy of one event. */
  eventId: string;
  deliveryId: string;
  messageId: string;
  kind: FeedbackKind;
  /** The service's own words for the cause: `Permanent General`. No address. */
  detail: string | null;
  at: Date;
}

/**
 * `soft-bounce` may be an absence note, which comes back to a mail that was delivered; `hard-bounce` says that
 * there is no such mailbox; `suppressed` that the service did not try, since the address is on its own list.
 */
export type FeedbackKind =
  | 'sent'
  | 'delayed'
  | 'soft-bounce'
  | 'delivered'
  | 'bounce'
  | 'hard-bounce'
  | 'rejected'
  | 'suppressed'
  | 'complaint';

interface Meaning {
  state: DeliveryState;
  /** News moves a delivery only up: the end is the same, in whatever order it comes. */
  rank: number;
  suppresses?: SuppressionReason;
  action?: AuditAction;
}

const MEANING: Readonly<Record<FeedbackKind, Meaning>> = {
  sent: { state: 'SENT', rank: 1 },
  delayed: { state: 'SENT', rank: 1 },
  'soft-bounce': { state: 'BOUNCED', rank: 2 },
  delivered: { state: 'DELIVERED', rank: 3 },
  bounce: { state: 'BOUNCED', rank: 4 },
  'hard-bounce': { state: 'BOUNCED', rank: 4, suppresses: 'BOUNCE', action: 'delivery.bounced' },
  rejected: { state: 'FAILED', rank: 4 },
  suppressed: { state: 'SUPPRESSED', rank: 4, suppresses: 'BOUNCE' },
  complaint: { state: 'COMPLAINED', rank: 5, suppresses: 'COMPLAINT', action: 'delivery.complained' },
};

/** What its sender can do something about, or has to know. */
const BAD_NEWS: ReadonlySet<DeliveryState> = new Set<DeliveryState>([
  'BOUNCED',
  'COMPLAINED',
  'FAILED',
  'SUPPRESSED',
]);

interface DeliveryRow {
  kind: DeliveryKind;
  state: DeliveryState;
  errorCode: string | null;
  messageId: string | null;
  email: string;
  shareId: string | null;
  accountId: string | null;
}

/**
 * Records one event of the mail service, all of it in one transaction: the delivery's state, the list of suppressed
 * addresses, the chat sender's news, and whether the sender is paused. Safe to repeat, and in any order.
 * The address is that of our own row, never one that an event names: a forged event suppresses nobody.
 */
export async function recordFeedback(
  deps: { sql: Sql; log: Pick<Logger, 'info' | 'warn'> },
  feedback: MailFeedback,
): Promise<void> {
  const { sql } = deps;
  await sql.query('BEGIN');
  try {
    await record(deps, feedback);
    await sql.query('COMMIT');
  } catch (error) {
    await sql.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function record(
  { sql, log }: { sql: Sql; log: Pick<Logger, 'info' | 'warn'> },
  feedback: MailFeedback,
): Promise<void> {
  const { deliveryId, kind } = feedback;
  const delivery = await holdDelivery(sql, deliveryId);
  if (!delivery || (delivery.messageId !== null && delivery.messageId !== feedback.messageId)) {
    log.warn({ deliveryId, kind }, 'event of a mail that is not ours');
    return;
  }
  if (!(await isNews(sql, feedback))) return;
  const { state, suppresses, action } = MEANING[kind];
  const isMoved = await moveUp(sql, delivery, feedback);
  const { shareId, accountId } = delivery;
  log.info(
    { deliveryId, shareId, kind, from: delivery.state, to: isMoved ? state : delivery.state },
    'mail event',
  );
  if (suppresses) await suppress(sql, delivery.email, suppresses);
  if (!isMoved) return;
  if (shareId) await oweShareNotice(sql, shareId);
  if (shareId && delivery.kind === 'SHARE' && BAD_NEWS.has(state))
    await oweMailNews(sql, shareId, deliveryId);
  if (action) await recordAuditBySql(sql, { accountId, action, subjectId: deliveryId });
  if (action && accountId) await pauseWhereHarmful({ sql, log }, accountId);
}

async function holdDelivery(sql: Sql, deliveryId: string): Promise<DeliveryRow | null> {
  const { rows } = await sql.query<DeliveryRow>(
    `SELECT d.kind, d.state, d.error_code AS "errorCode", d.message_id AS "messageId", d.email, d.share_id AS "shareId",
            s.account_id AS "accountId"
     FROM delivery d LEFT JOIN share s ON s.id = d.share_id WHERE d.id = $1 FOR UPDATE OF d`,
    [deliveryId],
  );
  return rows[0] ?? null;
}

async function isNews(sql: Sql, { eventId, deliveryId, kind, at }: MailFeedback): Promise<boolean> {
  const { rowCount } = await sql.query(
    `INSERT INTO ses_event (event_id, delivery_id, kind, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [eventId, deliveryId, kind, at],
  );
  return rowCount === 1;
}

/** An event is proof that the mail was taken, so that whatever was about to send it finds another state. */
async function moveUp(sql: Sql, delivery: DeliveryRow, feedback: MailFeedback): Promise<boolean> {
  const { deliveryId, messageId, kind, detail } = feedback;
  const { state, rank } = MEANING[kind];
  if (rank <= rankOf(delivery)) return false;
  const hasArrived = state === 'SENT' || state === 'DELIVERED';
  const errorCode = hasArrived ? null : [kind, detail].filter(Boolean).join(': ');
  const { rowCount } = await sql.query(
    `UPDATE delivery SET state = $3::delivery_state, message_id = $4, error_code = $5, lease_until = NULL, state_at = now()
     WHERE id = $1 AND state = $2::delivery_state`,
    [deliveryId, delivery.state, state, messageId, errorCode],
  );
  return rowCount === 1;
}

/** What is FAILED, CANCELLED or SUPPRESSED stays so. */
function rankOf({ state, errorCode }: DeliveryRow): number {
  switch (state) {
    case 'PENDING':
    case 'CLAIMED':
    case 'SENDING':
    case 'UNCONFIRMED':
      return 0;
    case 'SENT':
      return MEANING.sent.rank;
    case 'DELIVERED':
      return MEANING.delivered.rank;
    case 'BOUNCED':
      return MEANING[errorCode?.startsWith('soft-bounce') ? 'soft-bounce' : 'bounce'].rank;
    case 'COMPLAINED':
      return MEANING.complaint.rank;
    case 'FAILED':
    case 'CANCELLED':
    case 'SUPPRESSED':
      return Infinity;
  }
}

async function suppress(sql: Sql, email: string, reason: SuppressionReason): Promise<void> {
  await sql.query(
    `INSERT INTO suppression (email_key, reason) VALUES (lower($1), $2::suppression_reason)
     ON CONFLICT (email_key) DO UPDATE SET reason = excluded.reason, created_at = now()`,
    [email, reason],
  );
}
