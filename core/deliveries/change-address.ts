import { randomUUID } from 'node:crypto';
import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { markReady } from '../shares/mark-ready.js';
import { getOwnShare } from '../shares/own-share.js';
import { emailKey, parseRecipients, requireRecipients } from '../shares/recipients.js';
import { checkRules, findRules } from '../shares/workspace-rules.js';
import { checkMailLimit } from './mail-limit.js';

/**
 * Sends a share to another address instead of one that was wrong: the old link ends, and a new recipient gets a link of
 * their own. It counts as one of the mails that an account may send in a day, and the ledger keeps the new address.
 * Repeated with the same address it does nothing more.
 * @throws AppError not_found, gone, forbidden (paused, or a rule of the workspace), invalid (no single address, or one that has the share), limit
 */
export async function changeAddress(
  deps: Pick<Deps, 'db' | 'queue' | 'marks' | 'log' | 'limits'>,
  accountId: string,
  { shareId, recipientId, addressText }: { shareId: string; recipientId: string; addressText: string },
): Promise<{ email: string }> {
  const emails = requireRecipients(parseRecipients(addressText));
  const [email = ''] = emails;
  if (emails.length > 1) throw new AppError('invalid', 'recipients.one', {});
  const { entrance, workspaceIds } = await getOwnShare(deps.db, accountId, shareId);
  const rules = await findRules(deps.db, entrance, workspaceIds);
  checkRules(rules, { emails, files: [], lifetimeDays: 0 });
  await deps.db.$transaction(async (tx) => {
    const [share] = await tx.$queryRaw<{ isLive: boolean }[]>`
      SELECT state = 'READY' AND expires_at > now() AS "isLive" FROM share WHERE id = ${shareId}::uuid FOR UPDATE`;
    if (!share?.isLive) throw new AppError('gone', 'share.ended', {});
    const recipients = await tx.recipient.findMany({ where: { shareId } });
    const old = recipients.find(({ id }) => id === recipientId);
    if (!old) throw new AppError('not_found', 'share.not_found', {});
    const known = recipients.find((each) => each.emailKey === emailKey(email));
    if (known && old.revokedAt && !known.revokedAt) return;
    if (known) throw new AppError('invalid', 'recipients.has_share', { email });
    if (old.revokedAt) throw new AppError('not_found', 'share.not_found', {});

    await tx.$executeRaw`SELECT 1 FROM quota WHERE account_id = ${accountId}::uuid FOR UPDATE`;
    const account = await tx.account.findUniqueOrThrow({ where: { id: accountId } });
    if (account.pausedAt) throw new AppError('forbidden', 'account.paused', {});
    await checkMailLimit(tx, deps.limits, account, 1);

    const id = randomUUID();
    await tx.recipient.update({ where: { id: recipientId }, data: { revokedAt: new Date() } });
    await tx.delivery.updateMany({
      where: { subjectId: recipientId, shareId, state: { in: ['PENDING', 'CLAIMED'] } },
      data: { state: 'CANCELLED', stateAt: new Date() },
    });
    await tx.recipient.create({
      data: { id, shareId, position: old.position, email, emailKey: emailKey(email) },
    });
    await tx.delivery.create({ data: { kind: 'SHARE', subjectId: id, shareId, email } });
    await tx.usageRecord.create({
      data: {
        ...{ accountId, shareId, kind: 'CORRECTION', subject: id },
        ...{ fileNames: [], bytes: 0, recipients: [email] },
      },
    });
    await recordAudit(tx, { accountId, action: 'recipient.changed', subjectId: id });
    await oweNotice(tx, 'SHARE', shareId);
  });
  await markReady(deps, shareId).catch((error: unknown) => {
    deps.log.warn({ shareId, err: error }, 'ready mark not written; the reconciler will');
  });
  return { email };
}
