import type { DeliveryKind } from '../../prisma/generated/enums.js';
import { TOKEN_LIFETIME_MINUTES } from '../accounts/token-lifetimes.js';
import type { Sql } from '../ports.js';

/** So long a link must still work as its mail leaves: time to arrive, and to be read. */
const MIN_LINK_MINUTES = 5;

/** A delivery that this process may send until its lease ends. */
export interface ClaimedDelivery {
  deliveryId: string;
  kind: DeliveryKind;
  subjectId: string;
  shareId: string | null;
  topic: string | null;
  email: string;
  fence: number;
  /** The address takes no such mail: this one is SUPPRESSED instead of being sent. */
  isSuppressed: boolean;
}

/**
 * Whether the delivery `d` may not be mailed. The two mails without which nobody gets into an account are only held
 * back for a day after a bounce: their reader asked for them, a complaint was about somebody's share, and a mailbox
 * may come to be. One bounce a day from an address that somebody keeps typing is what that can cost.
 */
const IS_SUPPRESSED = `EXISTS (SELECT 1 FROM suppression x WHERE x.email_key = lower(d.email)
  AND (d.kind NOT IN ('CONFIRM_ADDRESS', 'RESET_PASSWORD')
       OR (x.reason = 'BOUNCE' AND x.created_at > now() - interval '1 day')))`;

const COLUMNS = `d.id AS "deliveryId", d.kind, d.subject_id AS "subjectId", d.share_id AS "shareId", d.topic, d.email, d.fence,
  ${IS_SUPPRESSED} AS "isSuppressed"`;

const CLAIM_SHARE = `
  UPDATE delivery d SET state = 'CLAIMED', fence = d.fence + 1, lease_until = now() + $2 * interval '1 ms', state_at = now()
  WHERE d.id = (
    SELECT p.id FROM delivery p JOIN share s ON s.id = p.share_id
    WHERE p.share_id = $1 AND p.state = 'PENDING' AND p.next_at <= now()
      AND s.state = 'READY' AND s.mail_after <= now() AND s.expires_at > now()
    ORDER BY p.created_at, p.id LIMIT 1 FOR UPDATE OF p SKIP LOCKED)
  RETURNING ${COLUMNS}`;

const CLAIM_MAIL = `
  UPDATE delivery d SET state = 'CLAIMED', fence = d.fence + 1, lease_until = now() + $2 * interval '1 ms', state_at = now()
  WHERE d.id = (
    SELECT p.id FROM delivery p
    WHERE p.id = $1 AND p.share_id IS NULL AND p.state = 'PENDING' AND p.next_at <= now()
    FOR UPDATE SKIP LOCKED)
  RETURNING ${COLUMNS}`;

const CANCEL_DEAD_MAIL = `
  UPDATE delivery SET state = 'CANCELLED', state_at = now()
  WHERE id = $1 AND share_id IS NULL AND state = 'PENDING'
    AND created_at < now() - CASE kind WHEN 'CONFIRM_ADDRESS' THEN $2::int WHEN 'RESET_PASSWORD' THEN $3::int END * interval '1 minute'`;

/**
 * Takes the next due delivery of a share, or the one account mail; null where nothing is due. An account mail that was
 * held up until its link is as good as dead is cancelled.
 */
export async function claimDelivery(
  sql: Sql,
  target: { shareId: string } | { deliveryId: string },
  leaseMs: number,
): Promise<ClaimedDelivery | null> {
  if ('deliveryId' in target) {
    const { CONFIRM_ADDRESS, RESET_PASSWORD } = TOKEN_LIFETIME_MINUTES;
    const limits = [CONFIRM_ADDRESS, RESET_PASSWORD].map((minutes) => minutes - MIN_LINK_MINUTES);
    await sql.query(CANCEL_DEAD_MAIL, [target.deliveryId, ...limits]);
  }
  const [statement, id] =
    'shareId' in target ? [CLAIM_SHARE, target.shareId] : [CLAIM_MAIL, target.deliveryId];
  const { rows } = await sql.query<ClaimedDelivery>(statement, [id, leaseMs]);
  return rows[0] ?? null;
}

/** Whether the address was suppressed since: asked again just before the mail is handed over. */
export async function isSuppressedNow(sql: Sql, deliveryId: string): Promise<boolean> {
  const { rowCount } = await sql.query(`SELECT 1 FROM delivery d WHERE d.id = $1 AND ${IS_SUPPRESSED}`, [
    deliveryId,
  ]);
  return rowCount === 1;
}
