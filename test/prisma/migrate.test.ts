import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyMigrations } from '../../prisma/migrate.js';
import { runPrisma } from '../support/run-prisma.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const first = 'CREATE TABLE "fruit" ("id" INTEGER NOT NULL, CONSTRAINT "fruit_pkey" PRIMARY KEY ("id"));\n';
const second = `
  CREATE FUNCTION one() RETURNS integer AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql;
  INSERT INTO "fruit" VALUES (one());
`;

let database: TestDatabase;
let client: pg.Client;
let folder: string;
let migrationsDir: string;

beforeEach(async () => {
  database = await createTestDatabase('template0');
  client = new pg.Client({ connectionString: database.connectionString });
  client.on('error', () => undefined);
  await client.connect();
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-migrate-'));
  migrationsDir = path.join(folder, 'migrations');
  await writeMigration('1_first', first);
  await writeMigration('2_second', second);
});

afterEach(async () => {
  await client.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

test('applies what is missing, in order, and nothing the second time', async () => {
  expect(await run()).toEqual(['1_first', '2_second']);
  expect(await run()).toEqual([]);
  await writeMigration('3_third', 'INSERT INTO "fruit" VALUES (3)');
  expect(await run()).toEqual(['3_third']);
  expect(await fruit()).toEqual([1, 3]);
});

test('a runner that comes second waits and applies nothing', async () => {
  await writeMigration('3_slow', 'SELECT pg_sleep(1); INSERT INTO "fruit" VALUES (3)');
  const applied = await Promise.all([run(), run(), run()]);
  expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 3]);
  expect(await fruit()).toEqual([1, 3]);
});

test('a failed migration is undone, recorded and named, and is tried again once it is repaired', async () => {
  await writeMigration('3_bad', 'INSERT INTO "fruit" VALUES (3); INSERT INTO "no_such_table" VALUES (1)');
  await expect(run()).rejects.toThrow('Migration 3_bad failed and was rolled back: relation "no_such_table"');
  expect(await fruit()).toEqual([1]);
  const { rows } = await client.query<{ logs: string }>(
    `SELECT logs FROM _prisma_migrations WHERE migration_name = '3_bad' AND rolled_back_at IS NOT NULL`,
  );
  expect(rows[0]?.logs).toContain('no_such_table');

  await writeMigration('3_bad', 'INSERT INTO "fruit" VALUES (3)');
  expect(await run()).toEqual(['3_bad']);
});

test('a migration whose record cannot be written is undone', async () => {
  const script = 'INSERT INTO "fruit" VALUES (3); ALTER TABLE _prisma_migrations RENAME checksum TO hash';
  await writeMigration('3_bad', script);
  await expect(run()).rejects.toThrow('Migration 3_bad failed and was rolled back');
  expect(await fruit()).toEqual([1]);
});

test('a runner that is killed in the middle of a migration leaves nothing in the way', async () => {
  await writeMigration('3_slow', 'INSERT INTO "fruit" VALUES (3); SELECT pg_sleep(60)');
  const killed = expect(run()).rejects.toThrow();
  await expect.poll(killSleeper).toBe(1);
  await killed;
  await writeMigration('3_slow', 'INSERT INTO "fruit" VALUES (3)');
  expect(await run()).toEqual(['3_slow']);
  expect(await fruit()).toEqual([1, 3]);
});

test('a migration that was edited after it was applied is refused by name', async () => {
  await run();
  await writeMigration('1_first', `${first}-- edited`);
  await expect(run()).rejects.toThrow('Migration 1_first was edited after it was applied');
});

test('a migration that Prisma left unfinished is refused with the command that resolves it', async () => {
  await run();
  await client.query(
    `UPDATE _prisma_migrations SET finished_at = NULL, logs = 'boom' WHERE migration_name = '2_second'`,
  );
  await expect(run()).rejects.toThrow(/2_second.*migrate resolve --rolled-back 2_second.*boom/);
});

test('an older release runs on a newer schema', async () => {
  await run();
  await rm(path.join(migrationsDir, '2_second'), { recursive: true });
  expect(await run()).toEqual([]);
});

test('Prisma finds nothing to do after us', async () => {
  await run();
  expect(await prisma('migrate', 'deploy')).toContain('No pending migrations to apply');
});

test('we find nothing to do after Prisma, and go on from there', async () => {
  expect(await prisma('migrate', 'deploy')).toContain('2_second');
  expect(await run()).toEqual([]);
  expect(await fruit()).toEqual([1]);
  await writeMigration('3_third', 'INSERT INTO "fruit" VALUES (3)');
  expect(await run()).toEqual(['3_third']);
});

async function run(): Promise<string[]> {
  return (await applyMigrations({ connectionString: database.connectionString, migrationsDir })).applied;
}

async function writeMigration(name: string, script: string): Promise<void> {
  await mkdir(path.join(migrationsDir, name), { recursive: true });
  await writeFile(path.join(migrationsDir, name, 'migration.sql'), script);
}

async function fruit(): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>('SELECT id FROM fruit ORDER BY id');
  return rows.map(({ id }) => id);
}

/** Ends the session as a killed process would, as far as the server can tell. */
async function killSleeper(): Promise<number> {
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`,
  );
  return rowCount ?? 0;
}

function prisma(...args: string[]): Promise<string> {
  const schema = 'model fruit {\n  id Int @id\n}\n';
  return runPrisma({ folder, schema, databaseUrl: database.connectionString }, args);
}
