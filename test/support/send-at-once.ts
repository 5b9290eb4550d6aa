/** What became of many requests: how often each status, and what else befell one. */
export type Outcomes = Record<string, number>;

/** Sends so many, so many at once, each as soon as one before it is answered. `send` gives its outcome, or throws. */
export async function sendAtOnce(
  { count, atOnce }: { count: number; atOnce: number },
  send: (n: number) => Promise<string | number>,
): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count) {
      const outcome = await send(next++).catch((error: unknown) => String(error));
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  return outcomes;
}
