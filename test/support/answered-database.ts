import type { Database } from '../../core/ports.js';

/**
 * A database for what looks into it on a timer and is not waited for. `answered` resolves once every query so far has
 * been answered and whoever asked has acted on it, however slow the database is.
 */
export function answeredDatabase(database: Database): { db: Database; answered: () => Promise<void> } {
  const queries: Promise<unknown>[] = [];
  const $queryRaw = (...query: Parameters<Database['$queryRaw']>): Promise<unknown> => {
    // Prisma asks only once it is waited for.
    const answer = Promise.resolve(database.$queryRaw(...query));
    queries.push(answer);
    return answer;
  };
  return {
    db: { $queryRaw } as unknown as Database,
    async answered() {
      await Promise.allSettled(queries);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
