const LIMIT_MS = 30_000;

/**
 * Runs `drain` once when the process is told to stop (SIGTERM, SIGINT, or its parent is gone), then exits 0.
 * A second signal, an error or half a minute ends it with 1.
 */
export function drainOnStop(drain: () => Promise<void>): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), LIMIT_MS).unref();
    drain().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  process.on('disconnect', stop);
}
