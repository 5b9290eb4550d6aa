import type { Prisma } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';

type Tx = Prisma.TransactionClient;

/**
 * Adds bytes to what an account's live shares hold, in the transaction that accepts them.
 * @throws AppError limit where that would be more than `limitBytes`
 */
export async function reserveQuota(
  tx: Tx,
  accountId: string,
  bytes: number,
  limitBytes: number,
): Promise<void> {
  const changed = await tx.$executeRaw`
    UPDATE quota SET used_bytes = used_bytes + ${bytes}
    WHERE account_id = ${accountId}::uuid AND used_bytes + ${bytes} <= ${limitBytes}`;
  if (changed === 0) throw new AppError('limit', 'share.storage_full', { limitBytes });
}

/** Gives a share's bytes back, in the transaction that ends it. Once per share: the caller's state change sees to it. */
export async function releaseQuota(tx: Tx, shareId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE quota q SET used_bytes = q.used_bytes - a.bytes
    FROM (SELECT s.account_id, sum(t.size_bytes)::bigint AS bytes FROM share s JOIN attachment t ON t.share_id = s.id
          WHERE s.id = ${shareId}::uuid GROUP BY s.account_id) a
    WHERE q.account_id = a.account_id`;
}
