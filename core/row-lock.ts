import type { Prisma } from '../prisma/generated/client.js';
import { AppError } from './errors.js';
import type { Database } from './ports.js';

/**
 * Runs a transaction that may have to wait for the Lambda, which holds a share's row while it hands one
 * of its mails over. @throws AppError unavailable (`share.busy`) after 8 s
 */
export async function withRowLock<T>(
  db: Database,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
): Promise<T> {
  try {
    return await db.$transaction(
      async (tx) => {
        await tx.$executeRaw`SET LOCAL lock_timeout = '8s'`;
        return work(tx);
      },
      { timeout: 15_000 },
    );
  } catch (error) {
    if (isLockTimeout(error)) throw new AppError('unavailable', 'share.busy', {}, { cause: error });
    throw error;
  }
}

/** Postgres answers 55P03 (lock_not_available); Prisma wraps it differently for raw and for model queries. */
function isLockTimeout(error: unknown): boolean {
  return (
    error instanceof Error && (error.message.includes('55P03') || error.message.includes('lock timeout'))
  );
}
