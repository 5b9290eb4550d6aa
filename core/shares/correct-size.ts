import type { Attachment, Prisma } from '../../prisma/generated/client.js';
import { reserveQuota } from '../billing/quota.js';

/**
 * Bills and counts the bytes that really arrived where a client announced another size: one further line in
 * the ledger, and the quota moved by the difference. Once per attachment: the ledger's key refuses a second.
 * @throws AppError limit where the account may not hold that much
 */
export async function correctSize(
  tx: Prisma.TransactionClient,
  attachment: Attachment,
  actualBytes: number,
  maxLiveBytes: number,
): Promise<void> {
  const difference = actualBytes - Number(attachment.sizeBytes);
  const { accountId } = await tx.share.findUniqueOrThrow({ where: { id: attachment.shareId } });
  await tx.usageRecord.create({
    data: {
      accountId,
      shareId: attachment.shareId,
      kind: 'CORRECTION',
      subject: attachment.id,
      fileNames: [attachment.name],
      bytes: difference,
      recipients: [],
    },
  });
  await reserveQuota(tx, accountId, difference, difference > 0 ? maxLiveBytes : Number.MAX_SAFE_INTEGER);
}
