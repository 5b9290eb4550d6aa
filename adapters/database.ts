import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Database, Logger } from '../core/ports.js';
import { PrismaClient } from '../prisma/generated/client.js';
import { postgresOptions } from './postgres-options.js';

/**
 * A pool whose idle connections may break without ending the process. They are kept for a minute, so that who comes after
 * a quiet moment does not wait for new ones. Statements end after 15 s.
 */
export function createPool(connectionString: string, log: Logger, max = 10): pg.Pool {
  const pool = new pg.Pool({
    ...postgresOptions(connectionString),
    max,
    idleTimeoutMillis: 60_000,
    statement_timeout: 15_000,
    query_timeout: 20_000,
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', (error) => {
    log.warn({ err: error }, 'database connection lost');
  });
  return pool;
}

/** Makes connections of their own, for what a pool's cannot keep: listening, and a session's lock. */
export function createConnector(connectionString: string): () => Promise<pg.Client> {
  const options = postgresOptions(connectionString);
  return async () => {
    const client = new pg.Client({
      ...options,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
    });
    await client.connect();
    return client;
  };
}

/** Prisma over a pool of ours; `$disconnect` leaves the pool open, its owner ends it. */
export function createDatabase(pool: pg.Pool): Database {
  return new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
  });
}
