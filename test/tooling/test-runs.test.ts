import pg from 'pg';
import { afterEach, expect, inject, test, vi } from 'vitest';
import type { TestProject } from 'vitest/node';
import setUpRun from '../support/global-setup.js';

afterEach(() => vi.unstubAllEnvs());

test('a run on the Postgres of another run leaves its databases alone, and nothing behind', async () => {
  vi.stubEnv('TEST_DATABASE_URL', inject('databaseUrl'));
  const ours = await findDatabase(inject('databaseTemplate'));
  expect(ours).toBeDefined();
  const provided = new Map<string, string>();
  const project = {
    provide: (key: string, value: string) => provided.set(key, value),
  } as unknown as TestProject;
  const tearDown = await setUpRun(project);
  const theirs = provided.get('databaseTemplate') ?? '';
  expect(await findDatabase(theirs)).toBeDefined();
  expect(await findDatabase(inject('databaseTemplate'))).toBe(ours);
  await tearDown();
  expect(await findDatabase(theirs)).toBeUndefined();
  expect(await findDatabase(inject('databaseTemplate'))).toBe(ours);
});

/** The number of a database, of which one that was made again has another. */
async function findDatabase(name: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  const { rows } = await client.query<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [
    name,
  ]);
  await client.end();
  return rows[0]?.oid;
}
