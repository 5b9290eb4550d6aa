import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createDatabase, createPool } from '../../adapters/database.js';
import { startWatchdog } from '../../worker/watchdog.js';
import { createAccount } from '../support/accounts.js';
import { answeredDatabase } from '../support/answered-database.js';
import { fakeLog } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare } from '../support/shares.js';

let database: OpenTestDatabase;
let shareId: string;
let stop: () => void = () => undefined;

beforeAll(async () => {
  database = await openTestDatabase();
  shareId = await acceptShare(database.db, (await createAccount(database.db)).id);
});

afterAll(() => database.release());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

const age = (seconds: number) => database.db.$executeRaw`
  UPDATE share SET state = 'RECEIVED', created_at = now() - ${seconds} * interval '1 s' WHERE id = ${shareId}::uuid`;

/** Starts it, lets time pass as told, and the database answer all that it asks. */
async function watch(
  db = database.db,
  pass: (completed: () => void) => void = () => vi.advanceTimersByTime(75_000),
) {
  const giveUp = vi.fn();
  const log = fakeLog();
  const asked = answeredDatabase(db);
  const watchdog = startWatchdog(asked.db, log, giveUp);
  stop = () => {
    watchdog.stop();
  };
  pass(() => {
    watchdog.completed();
  });
  await asked.answered();
  return { giveUp, log };
}

test('work that is due while nothing completes for a minute ends the process', async () => {
  await age(120);
  const { giveUp, log } = await watch();
  expect(giveUp).toHaveBeenCalled();
  expect(log.lines[0]).toMatchObject({
    level: 'error',
    message: 'work is due and nothing completes: restarting',
  });
});

test('a share whose owner is long gone is work that is due', async () => {
  await database.db.$executeRaw`
    UPDATE share SET state = 'STORING', lease_until = now() - interval '2 minutes' WHERE id = ${shareId}::uuid`;
  expect((await watch()).giveUp).toHaveBeenCalled();
});

test('a worker that completes jobs lives', async () => {
  await age(120);
  const { giveUp } = await watch(database.db, (completed) => {
    for (let count = 0; count < 20; count += 1) {
      vi.advanceTimersByTime(15_000);
      completed();
    }
  });
  expect(giveUp).not.toHaveBeenCalled();
});

test('a worker without work lives', async () => {
  await age(10);
  expect((await watch()).giveUp).not.toHaveBeenCalled();
  await database.db.$executeRaw`UPDATE share SET state = 'READY', created_at = now() - interval '1 day'`;
  expect((await watch()).giveUp).not.toHaveBeenCalled();
});

test('a database that is down ends nothing: a new process would not find it either', async () => {
  const pool = createPool('postgresql://127.0.0.1:1/none', fakeLog());
  const { giveUp, log } = await watch(createDatabase(pool));
  expect(giveUp).not.toHaveBeenCalled();
  expect(log.lines[0]).toMatchObject({ level: 'warn', message: 'watchdog could not look' });
  await pool.end();
});
