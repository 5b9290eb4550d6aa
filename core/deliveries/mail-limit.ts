import type { Account, Prisma } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import type { Limits } from '../ports.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const NEW_ACCOUNT_DAYS = 7;

/**
 * Refuses what would be more mails to recipients than an account may send in 24 hours: one for each recipient of
 * a share, each resend and each changed address. The caller holds the account's quota row, so that nobody can race the limit.
 * @throws AppError limit
 */
export async function checkMailLimit(
  tx: Prisma.TransactionClient,
  limits: Limits,
  account: Pick<Account, 'id' | 'confirmedAt'>,
  wanted: number,
): Promise<void> {
  const isNew = Date.now() - (account.confirmedAt?.getTime() ?? Date.now()) < NEW_ACCOUNT_DAYS * DAY_MS;
  const max = isNew ? limits.maxRecipientsPerDayWhenNew : limits.maxRecipientsPerDay;
  const rows = await tx.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM delivery d JOIN share s ON s.id = d.share_id
    WHERE s.account_id = ${account.id}::uuid AND d.kind = 'SHARE' AND d.created_at > now() - interval '1 day'`;
  if ((rows[0]?.count ?? 0) + wanted > max) throw new AppError('limit', 'share.recipients_limited', { max });
}
