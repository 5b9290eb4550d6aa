import pg from 'pg';
import { findMissingForCluster, startCluster, type TestCluster } from '../../support/start-cluster.js';
import { GENEROUS } from './with-stack.js';

/** A cluster that runs, and connections to its database. */
export interface BenchCluster extends TestCluster {
  db: pg.Pool;
}

/** Does the work against a cluster on a new data folder, then stops it. @throws Error where nginx or Redis is missing */
export async function withCluster(
  env: Record<string, string>,
  work: (cluster: BenchCluster) => Promise<void>,
): Promise<void> {
  const missing = findMissingForCluster();
  if (missing) throw new Error(missing);
  const cluster = await startCluster({ env: { ...GENEROUS, ...env } });
  // The work then fails, and leaves through the same door.
  const interrupt = (): void => void cluster.stop();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const db = new pg.Pool({ connectionString: cluster.productEnv['DATABASE_URL'] });
  db.on('error', () => undefined);
  try {
    // What is sent is sent at once, without a card that asks and without time to undo.
    await db.query('UPDATE account SET undo_seconds = 0, confirms_shares = false');
    await work({ ...cluster, db });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await db.end();
    await cluster.stop();
  }
}
