import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobId, jobs } from '../../core/jobs.js';
import { processors } from '../../worker/processors.js';
import { runJob } from '../../worker/run-job.js';
import { createAccount } from '../support/accounts.js';
import { fakeFetcher, fakeFiles, fakeLog, fakeMarks, fakeQueue, limits, timings } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare, slackFile } from '../support/shares.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

function createDeps() {
  const fetchers = fakeFetcher({ F1: Buffer.from('hello') });
  const fakes = { queue: fakeQueue(), log: fakeLog(), files: fakeFiles(), marks: fakeMarks() };
  const { db, pool: sql } = database;
  return { db, sql, members: [], fetchers, scanner: null, limits, timings, ...fakes };
}

describe('a job', () => {
  test('stores a share, twice without harm', async () => {
    const deps = createDeps();
    const { id } = await createAccount(database.db);
    const shareId = await acceptShare(database.db, id, { files: [slackFile('a.txt', 5)] });
    await runJob(deps, 'store-attachments', { shareId }, 1);
    await runJob(deps, 'store-attachments', { shareId }, 2);
    expect(deps.marks.shares).toEqual([shareId]);
    expect(deps.log.lines).toMatchObject([
      { message: 'share stored', fields: { job: 'store-attachments', attempt: 1, shareId } },
    ]);
  });

  test('that another try can help is thrown back to the queue, and logged as healing', async () => {
    const deps = createDeps();
    const { id } = await createAccount(database.db);
    const shareId = await acceptShare(database.db, id, { files: [slackFile('a.txt', 5, 'F2')] });
    // And nothing of the share goes with it: a queue keeps errors in clear text.
    const thrown = await runJob(deps, 'store-attachments', { shareId }, 3).catch((error: unknown) => error);
    expect(inspect(thrown)).toContain('file.unreachable');
    expect(inspect(thrown)).not.toContain('a.txt');
    expect(deps.log.lines).toMatchObject([
      { level: 'warn', fields: { attempt: 3 }, message: 'job will be tried again' },
    ]);
  });

  test('of an unknown name or with a malformed payload is dropped, once and for all', async () => {
    const deps = createDeps();
    await runJob(deps, 'make-coffee', {}, 1);
    await runJob(deps, 'toString', {}, 1);
    await runJob(deps, 'store-attachments', { shareId: 'nonsense' }, 1);
    await runJob(deps, 'store-attachments', { shareId: randomUUID(), extra: 1 }, 1);
    await runJob(deps, 'reconcile', {}, 1);
    expect(deps.log.lines.map(({ level }) => level)).toEqual(Array.from({ length: 5 }, () => 'error'));
  });

  test('about a share that is not there does nothing', async () => {
    const deps = createDeps();
    for (const name of ['store-attachments', 'mark-ready', 'delete-objects']) {
      await runJob(deps, name, { shareId: randomUUID() }, 1);
    }
    expect(deps.log.lines).toEqual([]);
    expect(deps.marks.shares).toEqual([]);
  });
});

test('every job of the contract has a processor, and an id that a queue takes', () => {
  expect(Object.keys(processors).sort()).toEqual(Object.keys(jobs).sort());
  const shareId = randomUUID();
  expect(jobId('store-attachments', { shareId })).toBe(`store-attachments-${shareId}`);
});
