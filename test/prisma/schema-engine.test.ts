import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runPrisma } from '../support/run-prisma.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const engine = fileURLToPath(new URL('../../prisma/schema-engine.mjs', import.meta.url));
const migration = `
CREATE TABLE "fruit" ("id" INTEGER NOT NULL, "code" CHAR(3), CONSTRAINT "fruit_pkey" PRIMARY KEY ("id"));
ALTER TABLE "fruit" ADD CONSTRAINT "positive" CHECK ("id" > 0);
CREATE FUNCTION one() RETURNS integer AS $$ BEGIN RETURN 1; END $$ LANGUAGE plpgsql;
`;
const agreeing = 'model fruit {\n  id Int @id\n  code String? @db.Char(3)\n}\n';

vi.setConfig({ testTimeout: 60_000 }); // each start of the CLI takes seconds on a busy machine

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase('template0');
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-engine-'));
  await mkdir(path.join(folder, 'migrations/1_first'), { recursive: true });
  await writeFile(path.join(folder, 'migrations/1_first/migration.sql'), migration);
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

// That a schema which agrees with the migrations differs in nothing is what `npm run drift` finds of ours.
test('what the migrations do not make is named, and nothing else, and no shadow database is left behind', async () => {
  const differing = await diff(`${agreeing}\nmodel basket {\n  id Int @id\n}\n`).catch(
    (error: unknown) => error,
  );
  expect(differing).toMatchObject({ code: 2, stdout: expect.stringContaining('- basket') as string });
  expect(differing).not.toMatchObject({ stdout: expect.stringContaining('fruit') as string });
  const client = new pg.Client(database.connectionString);
  await client.connect();
  const { rows } = await client.query(
    `SELECT FROM pg_database WHERE datname LIKE 'prisma_migrate_shadow_db_%'`,
  );
  await client.end();
  expect(rows).toEqual([]);
});

test('a broken migration is an error, not success', async () => {
  const broken = path.join(folder, 'migrations/2_broken');
  await mkdir(broken);
  await writeFile(path.join(broken, 'migration.sql'), 'ALTER TABLE "no_such_table" ADD COLUMN "x" TEXT');
  await expect(diff(agreeing)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no_such_table') as string,
  });
  await rm(broken, { recursive: true });
});

test('an absent server is an error, not success, to what the CLI asks before a migration', async () => {
  const datasource = JSON.stringify({ url: 'postgresql://nobody@127.0.0.1:1/none' });
  const asking = promisify(execFile)(engine, ['cli', 'can-connect-to-database', '--datasource', datasource]);
  await expect(asking).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/"error_code":"P1001".*Can't reach database server/) as string,
  });
});

test('a panic inside the engine is answered as an error', async () => {
  const child = spawn(engine, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end('{"jsonrpc":"2.0","id":7,"method":"debugPanic","params":{}}\n');
  expect(JSON.parse(await text(child.stdout))).toMatchObject({ id: 7, error: { data: { is_panic: false } } });
});

function diff(schema: string): Promise<string> {
  const project = { folder, schema, databaseUrl: database.connectionString };
  const sources = ['--from-migrations', path.join(folder, 'migrations'), '--to-schema', 'schema.prisma'];
  return runPrisma(project, ['migrate', 'diff', ...sources, '--exit-code']);
}
