import path from 'node:path';
import pg from 'pg';
import { afterEach, expect, inject, test, vi } from 'vitest';
import type { TestProject } from 'vitest/node';
import { getBuilt } from '../support/get-built.js';
import setUpRun from '../support/global-setup.js';
import serveBuilds from '../support/serve-builds.js';

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

test('all who need a build in a run get the same one, or hear why there is none, and the next run gets another', async () => {
  vi.stubEnv('TEST_BUILDER_URL', undefined);
  let builds = 0;
  let startNextRun = (): unknown => undefined;
  const project = {
    onTestsRerun: (prepare: () => unknown) => (startNextRun = prepare),
  } as unknown as TestProject;
  const tearDown = await serveBuilds(project, async () => {
    builds += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (builds === 1) throw new Error('a comma is missing');
  });
  const ask = () => Promise.allSettled([getBuilt('bot.js'), getBuilt('web.js')]);
  const reason = new Error('dist/ could not be built: Error: a comma is missing');
  const failed = { status: 'rejected', reason };
  expect(await ask()).toEqual([failed, failed]);
  expect(await ask()).toEqual([failed, failed]);
  await startNextRun();
  expect(await ask()).toEqual([
    { status: 'fulfilled', value: path.resolve('dist/bot.js') },
    { status: 'fulfilled', value: path.resolve('dist/web.js') },
  ]);
  expect(builds).toBe(2);
  await tearDown();
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
