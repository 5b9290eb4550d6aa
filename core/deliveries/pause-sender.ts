import { recordAuditBySql } from '../audit.js';
import type { Logger, Sql } from '../ports.js';

/** Within 7 days. SES reviews an account at 5 % bounces or 0.1 % complaints: one sender must not take all there. */
const MAX_COMPLAINTS = 1;
const MAX_BOUNCE_SHARE = 0.05;
/** Fewer mails say nothing about a share of them. */
const MIN_MAILS = 20;

/**
 * Pauses an account whose mails are called spam, or go to addresses that are not there. Called in the transaction
 * that has recorded one more of them; accounts take turns, so that two at once are counted together.
 */
export async function pauseWhereHarmful(
  { sql, log }: { sql: Sql; log: Pick<Logger, 'warn'> },
  accountId: string,
): Promise<void> {
  await sql.query('SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
  const { rows } = await sql.query<{ mails: number; complaints: number; bounces: number }>(
    `SELECT count(*)::int AS mails, count(*) FILTER (WHERE d.state = 'COMPLAINED')::int AS complaints,
            count(*) FILTER (WHERE d.state = 'BOUNCED' AND d.error_code LIKE 'hard-bounce%')::int AS bounces
     FROM delivery d JOIN share s ON s.id = d.share_id
     WHERE s.account_id = $1 AND d.state IN ('SENT', 'DELIVERED', 'BOUNCED', 'COMPLAINED')
       AND d.created_at > now() - interval '7 days'`,
    [accountId],
  );
  const { mails, complaints, bounces } = rows[0] ?? { mails: 0, complaints: 0, bounces: 0 };
  const isHarmful = complaints > MAX_COMPLAINTS || (mails >= MIN_MAILS && bounces > mails * MAX_BOUNCE_SHARE);
  if (!isHarmful) return;
  const { rowCount } = await sql.query(
    'UPDATE account SET paused_at = now() WHERE id = $1 AND paused_at IS NULL',
    [accountId],
  );
  if (rowCount !== 1) return;
  await recordAuditBySql(sql, { accountId, action: 'account.paused', subjectId: accountId });
  log.warn({ accountId, mails, complaints, bounces }, 'account paused');
}
