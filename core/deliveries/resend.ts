import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { markReady } from '../shares/mark-ready.js';
import { getOwnShare } from '../shares/own-share.js';

const AGAIN = ['SENT', 'DELIVERED', 'BOUNCED', 'COMPLAINED', 'FAILED', 'UNCONFIRMED'];

/**
 * Mails one recipient's link again, as a new attempt: the one way in which a second mail can leave. Refused
 * while the first try may still be settled by an event of the mail service.
 * @throws AppError not_found, gone, limit (`delivery.too_early`), invalid
 */
export async function resendMail(
  deps: Pick<Deps, 'db' | 'queue' | 'marks' | 'log' | 'timings'>,
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
    const last = await tx.delivery.findFirstOrThrow({
      where: { shareId, kind: 'SHARE', subjectId: recipientId },
      orderBy: { attempt: 'desc' },
    });
    if (!AGAIN.includes(last.state)) throw new AppError('invalid', 'delivery.not_resendable', {});
    const { unconfirmedMs } = deps.timings;
    if (last.state !== 'FAILED' && Date.now() - last.stateAt.getTime() < unconfirmedMs) {
      throw new AppError('limit', 'delivery.too_early', { minutes: Math.ceil(unconfirmedMs / 60_000) });
    }
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
