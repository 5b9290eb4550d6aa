import type pg from 'pg';
import { createDatabase, createPool } from '../../adapters/database.js';
import type { Database } from '../../core/ports.js';
import { fakeLog } from './fakes.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export interface OpenTestDatabase {
  connectionString: string;
  db: Database;
  pool: pg.Pool;
  /** Ends whatever else is connected to the database, and leaves it empty for the next that asks. */
  release(): Promise<void>;
}

/** Released ones, which later files of this process take: making one costs more than most files' tests. */
const free: OpenTestDatabase[] = [];

const APPLICATION = 'passalong-test';

/** An empty database that nobody else has until it is released, with the product's two clients connected to it. */
export async function openTestDatabase(): Promise<OpenTestDatabase> {
  return free.pop() ?? connect(await createTestDatabase());
}

function connect(database: TestDatabase): OpenTestDatabase {
  const { connectionString } = database;
  const own = new URL(connectionString);
  own.searchParams.set('application_name', APPLICATION);
  const pool = createPool(own.href, fakeLog());
  const db = createDatabase(pool);
  const opened: OpenTestDatabase = {
    connectionString,
    db,
    pool,
    async release() {
      if (await empty(pool)) {
        free.push(opened);
        return;
      }
      await db.$disconnect();
      if (!pool.ended) await pool.end();
      await database.drop();
    },
  };
  return opened;
}

/** Whether the database is as migrations made it, and the pool as good as new. */
async function empty(pool: pg.Pool): Promise<boolean> {
  if (pool.ended || pool.idleCount < pool.totalCount) return false;
  await endOthers(pool);
  const { rows } = await pool.query<{ tables: string }>(`
    SELECT string_agg(format('%I', tablename), ', ') AS tables FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`);
  // A replica's session fires no triggers: two tables refuse to be emptied.
  await pool.query(`
    BEGIN; SET LOCAL session_replication_role = replica;
    TRUNCATE ${rows[0]?.tables ?? ''}; DROP SCHEMA IF EXISTS bullmq CASCADE; COMMIT`);
  return true;
}

/** Those that are leaving get a second for it: to a client that closes, the end of its session would be an error. */
async function endOthers(pool: pg.Pool): Promise<void> {
  const others = `FROM pg_stat_activity WHERE datname = current_database() AND application_name <> '${APPLICATION}'`;
  for (let round = 0; round < 50; round += 1) {
    const { rowCount } = await pool.query(`SELECT pid ${others}`);
    if (rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await pool.query(`SELECT pg_terminate_backend(pid, 5000) ${others}`);
}
