import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';

/** The lock that `prisma migrate` takes too. @see https://www.prisma.io/docs/orm/prisma-migrate/workflows/development-and-production#advisory-locking */
const prismaAdvisoryLock = 72_707_369;

/** As Prisma makes it. */
const historyTable = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

interface Migration {
  name: string;
  script: string;
  checksum: string;
}

/**
 * Applies the migrations that the database lacks, in the order of their names, and keeps Prisma's own history, so that either can go on
 * after the other. Each runs in one transaction: a killed or failed one leaves nothing but, when failed, its record. A concurrent
 * runner waits. Safe to run again. CREATE INDEX CONCURRENTLY cannot run in a transaction and does not work here.
 * @throws Error naming the migration that failed, that Prisma left unfinished, or that was edited after it was applied.
 */
export async function applyMigrations({
  migrationsDir,
  ...connection
}: pg.ClientConfig & { migrationsDir: string }): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(migrationsDir);
  const client = new pg.Client(connection);
  client.on('error', () => undefined); // a lost connection also rejects the query that needed it
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [prismaAdvisoryLock]);
    await client.query(historyTable);
    const missing = await findMissing(client, migrations);
    for (const migration of missing) await applyMigration(client, migration);
    return { applied: missing.map(({ name }) => name) };
  } finally {
    await client.end(); // lets the lock go as well
  }
}

async function readMigrations(migrationsDir: string): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const script = await readFile(path.join(migrationsDir, name, 'migration.sql'), 'utf8');
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

/** A migration that the database has and the folder lacks is let be: an older release runs on a newer schema. */
async function findMissing(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{
    name: string;
    checksum: string;
    finished_at: Date | null;
    logs: string | null;
  }>(
    `SELECT migration_name AS name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  const unfinished = rows.find((row) => row.finished_at === null);
  if (unfinished) {
    const resolve = `node prisma/prisma.mjs migrate resolve --rolled-back ${unfinished.name}`;
    const advice = `Repair the database, then run \`${resolve}\` (or --applied).`;
    throw new Error(
      `Migration ${unfinished.name} was begun and did not finish. ${advice} ${unfinished.logs ?? ''}`,
    );
  }
  const history = new Map(rows.map((row) => [row.name, row.checksum]));
  const edited = migrations.find(({ name, checksum }) => (history.get(name) ?? checksum) !== checksum);
  if (edited) {
    throw new Error(
      `Migration ${edited.name} was edited after it was applied. Restore it and make a new one instead.`,
    );
  }
  return migrations.filter(({ name }) => !history.has(name));
}

async function applyMigration(client: pg.Client, { name, script, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  try {
    await client.query('BEGIN');
    await client.query(script);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [id, checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    await client.query('ROLLBACK');
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs, rolled_back_at) VALUES ($1, $2, $3, $4, now())`,
      [id, checksum, name, reason],
    );
    throw new Error(`Migration ${name} failed and was rolled back: ${reason}`, { cause });
  }
}
