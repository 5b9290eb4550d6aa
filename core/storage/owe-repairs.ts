import type { Prisma } from '../../prisma/generated/client.js';

/** Writes down which members have no copy of an attachment, in the transaction that says where its bytes are. */
export async function oweRepairs(
  tx: Prisma.TransactionClient,
  attachmentId: string,
  members: readonly string[],
): Promise<void> {
  if (members.length === 0) return;
  const rows = members.map((member) => ({ attachmentId, member }));
  await tx.storageRepair.createMany({ data: rows, skipDuplicates: true });
}
