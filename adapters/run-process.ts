import type { Logger } from '../core/ports.js';

/** A shutdown that takes longer ends the process anyway. */
const MAX_SHUTDOWN_MS = 30_000;

/**
 * Ends a process in order on SIGTERM, SIGINT or when its supervisor is gone, and at once on a second signal.
 * `stop` resolves when everything is closed; an error or half a minute gives exit code 1.
 */
export function stopOnSignal(log: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const begin = (reason: string): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ reason }, 'stopping');
    setTimeout(() => process.exit(1), MAX_SHUTDOWN_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'not stopped in order');
        process.exit(1);
      },
    );
  };
  for (const reason of ['SIGTERM', 'SIGINT', 'disconnect']) {
    process.on(reason, () => {
      begin(reason);
    });
  }
}

/** One line for the supervisor, and for a person who started the process by hand. */
export function announceReady(detail = ''): void {
  process.stdout.write(`ready ${detail}`.trimEnd() + '\n');
}
