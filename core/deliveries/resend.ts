import type { DeliveryState } from '../../prisma/generated/enums.js';
import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import type { ShareSummary } from '../shares/list-shares.js';
import { markReady } from '../shares/mark-ready.js';
import { getOwnShare } from '../shares/own-share.js';
import type { Timings } from '../timings.js';
import { checkMailLimit } from './mail-limit.js';

/**
 * Mails one recipient's link again, as a new attempt: the one way in which a second mail can leave. It counts as
 * one of the mails that an account may send in a day.
 * @throws AppError not_found, gone, forbidden (paused), limit, or as refusalToResend
 */
export async function resendMail(
  deps: Pick<Deps, 'db' | 'queue' | 'marks' | 'log' | 'timings' | 'limits'>,
  accountId: string,
  shareId: string,
  recipientId: string,
): Promise<void> {
  const share = await getOwnShare(deps.db, accountId, shareId);
  if (share.state !== 'READY' || share.expiresAt.getTime() <= Date.now())
    throw new AppError('gone', 'share.ended', {});
  await deps.db.$transaction(async (tx) => {
    const recipients = await tx.$queryRaw<{ email: string }[]>`
      SELECT r.email FROM recipient r JOIN share s ON s.id = r.share_id
      WHERE r.id::text = ${recipientId} AND s.id = ${shareId}::uuid AND r.revoked_at IS NULL AND s.state = 'READY'
      FOR UPDATE OF r FOR SHARE OF s`;
    const recipient = recipients[0];
    if (!recipient) throw new AppError('not_found', 'share.not_found', {});
    // After the share, as everybody who needs both: the limit of the day cannot be raced.
    await tx.$executeRaw`SELECT 1 FROM quota WHERE account_id = ${accountId}::uuid FOR UPDATE`;
    const account = await tx.account.findUniqueOrThrow({ where: { id: accountId } });
    if (account.pausedAt) throw new AppError('forbidden', 'account.paused', {});
    const [last] = await tx.$queryRaw<(LastTry & { attempt: number })[]>`
      SELECT attempt, state, error_code AS "errorCode", (extract(epoch FROM clock_timestamp() - state_at) * 1000)::float8 AS "ageMs" FROM delivery
      WHERE share_id = ${shareId}::uuid AND kind = 'SHARE' AND subject_id = ${recipientId}::uuid
      ORDER BY attempt DESC LIMIT 1`;
    if (!last) throw new AppError('not_found', 'share.not_found', {});
    const refusal = refusalToResend(last, deps.timings);
    if (refusal) throw refusal;
    await checkMailLimit(tx, deps.limits, account, 1);
    await tx.delivery.create({
      data: {
        kind: 'SHARE',
        subjectId: recipientId,
        attempt: last.attempt + 1,
        shareId,
        email: recipient.email,
      },
    });
    await recordAudit(tx, { accountId, action: 'delivery.resent', subjectId: recipientId });
    await oweNotice(tx, 'SHARE', shareId);
  });
  await markReady(deps, shareId).catch((error: unknown) => {
    deps.log.warn({ shareId, err: error }, 'ready mark not written; the reconciler will');
  });
}

/** Ids of the recipients to whom the mail of a share can be sent again now: portal and chat offer it by this. */
export function findResendable(share: ShareSummary, timings: Timings): string[] {
  const { state, expiresAt, recipients } = share;
  if (state !== 'READY' || expiresAt.getTime() <= Date.now()) return [];
  const canBeSent = ({
    isRevoked,
    delivery,
    deliveryAt,
    errorCode,
  }: ShareSummary['recipients'][number]): boolean => {
    const last = { state: delivery, errorCode, ageMs: Date.now() - deliveryAt.getTime() };
    return !isRevoked && refusalToResend(last, timings) === null;
  };
  return recipients.filter(canBeSent).map(({ recipientId }) => recipientId);
}

/** The latest attempt, and how long it has been in its state. */
export interface LastTry {
  state: DeliveryState;
  errorCode: string | null;
  ageMs: number;
}

/**
 * Why a mail cannot be sent again now; null where it can. Refused while nobody can know whether the last one
 * left, for a moment after it did, and where the address takes no mail.
 */
export function refusalToResend({ state, errorCode, ageMs }: LastTry, timings: Timings): AppError | null {
  switch (state) {
    case 'PENDING':
    case 'CLAIMED':
      return new AppError('invalid', 'delivery.under_way', {});
    case 'SENDING':
    case 'UNCONFIRMED': {
      const seconds = secondsLeft(timings.unconfirmedMs, ageMs);
      const minutes = Math.ceil(seconds / 60);
      if (seconds === 0) return null;
      return new AppError('limit', 'delivery.too_early', { minutes }, { retryAfterSeconds: seconds });
    }
    case 'SENT':
    case 'DELIVERED': {
      const seconds = secondsLeft(timings.resendAfterMs, ageMs);
      if (seconds === 0) return null;
      return new AppError('limit', 'delivery.just_sent', { seconds }, { retryAfterSeconds: seconds });
    }
    case 'FAILED':
      return null;
    case 'BOUNCED':
      if (!errorCode?.startsWith('hard-bounce')) return null;
      return new AppError('invalid', 'delivery.not_resendable', {});
    case 'COMPLAINED':
    case 'CANCELLED':
    case 'SUPPRESSED':
      return new AppError('invalid', 'delivery.not_resendable', {});
  }
}

function secondsLeft(waitMs: number, ageMs: number): number {
  return Math.max(0, Math.ceil((waitMs - ageMs) / 1000));
}
