import type { Deps } from '../ports.js';

/**
 * Writes the ready mark of a READY share once its undo time is over, or queues that for later. Safe to run
 * again: the Lambda claims each delivery in Postgres, so another mark mails nobody twice.
 */
export async function markReady(deps: Pick<Deps, 'db' | 'queue' | 'marks'>, shareId: string): Promise<void> {
  const rows = await deps.db.$queryRaw<{ waitMs: number }[]>`
    SELECT greatest(0, ceil(extract(epoch FROM mail_after - now()) * 1000))::int AS "waitMs"
    FROM share WHERE id = ${shareId}::uuid AND state = 'READY'`;
  if (!rows[0]) return;
  if (rows[0].waitMs > 0) {
    await deps.queue.add('mark-ready', { shareId }, { delayMs: rows[0].waitMs });
    return;
  }
  await deps.marks.markShare(shareId);
  await deps.db.$executeRaw`UPDATE share SET marked_at = now() WHERE id = ${shareId}::uuid`;
}
