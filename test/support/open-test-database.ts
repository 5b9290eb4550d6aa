import type pg from 'pg';
import { createDatabase, createPool } from '../../adapters/database.js';
import type { Database } from '../../core/ports.js';
import { fakeLog } from './fakes.js';
import { createTestDatabase } from './test-database.js';

export interface OpenTestDatabase {
  connectionString: string;
  db: Database;
  pool: pg.Pool;
  /** Closes both clients and drops the database. */
  drop(): Promise<void>;
}

/** A database of its own for one test file, with the product's two clients connected to it. */
export async function openTestDatabase(): Promise<OpenTestDatabase> {
  const database = await createTestDatabase();
  const { connectionString } = database;
  const pool = createPool(connectionString, fakeLog());
  const db = createDatabase(pool);
  return {
    connectionString,
    db,
    pool,
    async drop() {
      await db.$disconnect();
      await pool.end();
      await database.drop();
    },
  };
}
