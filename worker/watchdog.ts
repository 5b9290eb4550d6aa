import type { Database, Logger } from '../core/ports.js';

/** How long due work may lie while this worker completes nothing. */
const MAX_IDLE_MS = 60_000;

/**
 * Ends the process where work is due in Postgres and no job has completed for a minute: queue workers are
 * known to hang after some failovers, and the supervisor starts a new one. @returns what to call after a job, and to stop
 */
export function startWatchdog(
  db: Database,
  log: Logger,
  giveUp: () => void,
): { completed(): void; stop(): void } {
  let completedAt = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - completedAt < MAX_IDLE_MS) return;
    isWorkDue(db).then(
      (isDue) => {
        if (!isDue) return;
        log.error({ idleMs: Date.now() - completedAt }, 'work is due and nothing completes: restarting');
        giveUp();
      },
      (error: unknown) => {
        log.warn({ err: error }, 'watchdog could not look');
      },
    );
  }, MAX_IDLE_MS / 4);
  timer.unref();
  return {
    completed: () => (completedAt = Date.now()),
    stop: () => {
      clearInterval(timer);
    },
  };
}

async function isWorkDue(db: Database): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM share
    WHERE (state = 'RECEIVED' AND created_at < now() - ${MAX_IDLE_MS} * interval '1 ms')
       OR (state = 'STORING' AND lease_until < now() - ${MAX_IDLE_MS} * interval '1 ms') LIMIT 1`;
  return rows.length > 0;
}
