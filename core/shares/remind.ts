import { addMail, markMail } from '../deliveries/owe-mail.js';
import { oweNews } from '../notices.js';
import type { Deps } from '../ports.js';
import { markReady } from './mark-ready.js';

/** So long before the end of a share its sender, and recipients who have fetched nothing, are reminded. */
const BEFORE_DAYS = 2;

/** A share that was to live no longer than this reminds nobody: its mail is fresh. */
const SHORT_LIFE_DAYS = 3;

const BATCH = 100;

/**
 * Reminds of shares that end within two days, once for each end: recipients by a mail of their own, the sender in chat,
 * or by mail where the share was not made there. Paused senders' shares remind nobody. Safe to repeat, and at once.
 */
export async function remindBeforeExpiry(deps: Pick<Deps, 'db' | 'queue' | 'marks' | 'log'>): Promise<void> {
  const due = await deps.db.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM share s JOIN account a ON a.id = s.account_id
    WHERE s.state = 'READY' AND s.reminded_at IS NULL AND a.paused_at IS NULL
      AND s.expires_at > now() AND s.expires_at <= now() + ${BEFORE_DAYS} * interval '1 day'
      AND s.expires_at - s.created_at > ${SHORT_LIFE_DAYS} * interval '1 day'
    ORDER BY s.expires_at LIMIT ${BATCH}`;
  for (const { id } of due) await remind(deps, id);
}

async function remind(deps: Pick<Deps, 'db' | 'queue' | 'marks' | 'log'>, shareId: string): Promise<void> {
  const reminded = await deps.db.$transaction(async (tx) => {
    const [share] = await tx.$queryRaw<{ accountId: string; email: string }[]>`
      UPDATE share s SET reminded_at = now() FROM account a
      WHERE s.id = ${shareId}::uuid AND a.id = s.account_id AND s.reminded_at IS NULL AND s.state = 'READY'
      RETURNING s.account_id AS "accountId", a.email`;
    if (!share) return null;
    // Whoever has fetched nothing, and whose first mail is not known to have been in vain.
    const mails = await tx.$executeRaw`
      INSERT INTO delivery (id, kind, subject_id, attempt, share_id, email)
      SELECT gen_random_uuid(), 'REMINDER', r.id,
             1 + (SELECT count(*) FROM delivery d WHERE d.kind = 'REMINDER' AND d.subject_id = r.id), r.share_id, r.email
      FROM recipient r
      WHERE r.share_id = ${shareId}::uuid AND r.revoked_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM download w WHERE w.recipient_id = r.id)
        AND (SELECT d.state FROM delivery d WHERE d.kind = 'SHARE' AND d.subject_id = r.id ORDER BY d.attempt DESC LIMIT 1)
            IN ('SENT', 'DELIVERED', 'UNCONFIRMED')`;
    const inChat = await tx.chatNotice.count({ where: { kind: 'SHARE', subjectId: shareId } });
    if (inChat > 0) await oweNews(tx, { kind: 'EXPIRY', shareId, subjectId: shareId, delaySeconds: 0 });
    const { accountId, email } = share;
    const mail = { kind: 'NOTICE', topic: 'shares-expiring' } as const;
    // One that has not left yet tells of this share too.
    const isTold =
      inChat > 0 ||
      (await tx.delivery.count({ where: { ...mail, subjectId: accountId, state: 'PENDING' } })) > 0;
    const deliveryId = isTold ? null : await addMail(tx, { ...mail, accountId, email });
    return { mails, deliveryId };
  });
  if (!reminded) return;
  deps.log.info({ shareId, mails: reminded.mails }, 'reminded before the end');
  if (reminded.deliveryId) await markMail(deps, reminded.deliveryId);
  if (reminded.mails > 0) await markReady(deps, shareId);
}
