import type { Database, Logger } from '../core/ports.js';

/** How long due work may lie while this worker does nothing. */
const MAX_IDLE_MS = 60_000;

/**
 * Ends the process where work lies in Postgres for a minute and this worker does no job: queue workers are known to
 * hang after some failovers, and the supervisor starts a new one. A worker at work is let be: to end it would only
 * have long transfers begin anew. @returns what to call around each job, and to stop
 */
export function startWatchdog(
  db: Database,
  log: Logger,
  giveUp: () => void,
): { started(): void; completed(): void; stop(): void } {
  let running = 0;
  let idleSince = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    isWorkDue(db).then(
      (isDue) => {
        if (!isDue || running > 0) idleSince = Math.max(idleSince, now);
        if (now - idleSince < MAX_IDLE_MS) return;
        log.error({ idleMs: now - idleSince }, 'work is due and nothing completes: restarting');
        giveUp();
      },
      (error: unknown) => {
        idleSince = Math.max(idleSince, now);
        log.warn({ err: error }, 'watchdog could not look');
      },
    );
  }, MAX_IDLE_MS / 4);
  timer.unref();
  return {
    started() {
      running += 1;
    },
    completed() {
      running -= 1;
      idleSince = Date.now();
    },
    stop() {
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
