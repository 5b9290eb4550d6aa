/**
 * Does something at once and then every so often, never twice at the same time. What it throws is its own to
 * report. @returns how to end it, after the time that is under way
 */
export function repeat(everyMs: number, work: () => Promise<void>): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  const turn = (): void => {
    running ??= work()
      .catch(() => undefined)
      .finally(() => {
        running = null;
      });
  };
  const timer = setInterval(turn, everyMs);
  turn();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
