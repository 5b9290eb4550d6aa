import type { Prisma } from '../../prisma/generated/client.js';
import type { ShareState } from '../../prisma/generated/enums.js';
import { recordAudit, type AuditAction } from '../audit.js';
import { releaseQuota } from '../billing/quota.js';
import type { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';

type Tx = Prisma.TransactionClient;

const ACTIONS = {
  REVOKED: 'share.revoked',
  EXPIRED: 'share.expired',
  FAILED: 'share.failed',
} as const satisfies Record<string, AuditAction>;

/**
 * Moves a share that still lives to its end: unsent mails are cancelled, its bytes given back, its chat sender
 * told; one that never was READY is not billed. With `fence`, only while the caller still holds the share; with `from`, only there.
 * The caller queues `delete-objects` after the commit. @returns false where it had ended already
 */
export async function endShare(
  tx: Tx,
  shareId: string,
  end: {
    state: keyof typeof ACTIONS;
    by: string | null;
    reason?: AppError;
    fence?: number;
    from?: ShareState;
  },
): Promise<boolean> {
  const { state, reason, fence, from } = end;
  const changed = await tx.share.updateMany({
    where: {
      id: shareId,
      state: from ?? { in: ['AWAITING_UPLOAD', 'RECEIVED', 'STORING', 'READY'] },
      ...(fence === undefined ? {} : { fence, state: 'STORING' }),
    },
    data: {
      state,
      leaseUntil: null,
      endedAt: new Date(),
      ...(reason ? { failureCode: reason.code, failureParams: reason.params } : {}),
    },
  });
  if (changed.count === 0) return false;
  await tx.delivery.updateMany({
    where: { shareId, state: { in: ['PENDING', 'CLAIMED'] } },
    data: { state: 'CANCELLED', stateAt: new Date() },
  });
  await releaseQuota(tx, shareId);
  await reverseUnlessReady(tx, shareId);
  await recordAudit(tx, { accountId: end.by, action: ACTIONS[state], subjectId: shareId });
  await oweNotice(tx, 'SHARE', shareId);
  return true;
}

async function reverseUnlessReady(tx: Tx, shareId: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO usage_record (id, account_id, share_id, kind, file_names, bytes, recipients)
    SELECT gen_random_uuid(), account_id, share_id, 'REVERSAL', file_names,
           (SELECT -sum(u.bytes) FROM usage_record u WHERE u.share_id = first.share_id), recipients
    FROM usage_record first WHERE share_id = ${shareId}::uuid AND kind = 'SHARE'
      AND EXISTS (SELECT 1 FROM share s WHERE s.id = first.share_id AND s.ready_at IS NULL)
    ON CONFLICT DO NOTHING`;
}
