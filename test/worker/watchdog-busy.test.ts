import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startWatchdog } from '../../worker/watchdog.js';
import { createAccount } from '../support/accounts.js';
import { answeredDatabase } from '../support/answered-database.js';
import { fakeLog } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare } from '../support/shares.js';

let database: OpenTestDatabase;
let giveUp: ReturnType<typeof vi.fn<() => void>>;
let watchdog: ReturnType<typeof startWatchdog>;
let answered: () => Promise<void>;

beforeAll(async () => {
  database = await openTestDatabase();
  await acceptShare(database.db, (await createAccount(database.db)).id);
});

afterAll(() => database.release());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  giveUp = vi.fn();
  const asked = answeredDatabase(database.db);
  answered = asked.answered;
  watchdog = startWatchdog(asked.db, fakeLog(), giveUp);
});

afterEach(() => {
  watchdog.stop();
  vi.useRealTimers();
});

const become = (state: 'RECEIVED' | 'AWAITING_UPLOAD') => database.db.$executeRaw`
  UPDATE share SET state = ${state}::share_state, created_at = now() - interval '10 minutes'`;

/** Lets time pass, and the database answer each look of the watchdog before the next. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 15) {
    vi.advanceTimersByTime(15_000);
    await answered();
  }
}

test('a worker whose jobs take minutes lives, though other work waits', async () => {
  await become('RECEIVED');
  watchdog.started();
  await pass(180);
  expect(giveUp).not.toHaveBeenCalled();
  watchdog.completed();
  await pass(45);
  expect(giveUp).not.toHaveBeenCalled();
  await pass(30);
  expect(giveUp).toHaveBeenCalled();
});

test('a share that is old and due only now gives an idle worker its minute', async () => {
  await become('AWAITING_UPLOAD');
  await pass(180);
  await become('RECEIVED');
  await pass(45);
  expect(giveUp).not.toHaveBeenCalled();
});
