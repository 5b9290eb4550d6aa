import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../adapters/database.js';
import { createRateLimiter } from '../../adapters/rate-limiter.js';
import type { RateLimiter } from '../../core/ports.js';
import { fakeLog } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

let database: OpenTestDatabase;
let rates: RateLimiter;

beforeAll(async () => {
  database = await openTestDatabase();
  rates = createRateLimiter(database.pool);
});

afterAll(() => database.release());

async function useUp(key: string, limiter = rates): Promise<void> {
  for (let count = 0; count < 10; count += 1) await limiter.consume('sign-in-account-here', key);
}

test('ten tries are taken and the eleventh is not, with the time after which to come back', async () => {
  await useUp('ann@x.org');
  const refusal = await rates.consume('sign-in-account-here', 'ann@x.org').catch((error: unknown) => error);
  expect(refusal).toMatchObject({ kind: 'limit', code: 'account.too_many_tries' });
  const { retryAfterSeconds = 0 } = refusal as { retryAfterSeconds?: number };
  expect(retryAfterSeconds).toBeGreaterThan(14 * 60);
  expect(retryAfterSeconds).toBeLessThanOrEqual(15 * 60);
});

test('tries are counted by key and by rule, over all instances', async () => {
  await useUp('bob@x.org', createRateLimiter(database.pool));
  await expect(rates.consume('sign-in-account-here', 'bob@x.org')).rejects.toMatchObject({ kind: 'limit' });
  await rates.consume('sign-in-account-here', 'carla@x.org');
  await rates.consume('password-again', 'bob@x.org');
});

test('of thirty tries at once ten are taken', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, () => rates.consume('sign-in-account-here', 'dora@x.org')),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
});

test('a key that is forgotten begins anew', async () => {
  await useUp('eve@x.org');
  await rates.reset('sign-in-account-here', 'eve@x.org');
  await rates.consume('sign-in-account-here', 'eve@x.org');
});

test('a key of any length and any characters is counted, and none stands in the table', async () => {
  const long = `${'a'.repeat(64)}@${'b'.repeat(185)}.org`;
  for (const key of [long, 'x'.repeat(10_000), 'a\0b', '']) await rates.consume('sign-in-account-here', key);
  await useUp(`${long}x`);
  await rates.consume('sign-in-account-here', `${long}y`);
  const rows = await database.db.rateLimit.findMany();
  expect(JSON.stringify(rows.map(({ key }) => key))).not.toMatch(/@|aaaa/);
});

test('where the count cannot be kept nobody gets in', async () => {
  const dead = createPool('postgresql://127.0.0.1:1/none', fakeLog());
  await expect(createRateLimiter(dead).consume('sign-in-account-here', 'x')).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'service.unavailable',
  });
  await dead.end();
});

test('a stranger who guesses from elsewhere does not lock an account’s owner out', async () => {
  const guesses = Array.from({ length: 50 }, () => rates.consume('sign-in-account', 'gina@x.org'));
  await Promise.all(guesses);
  await rates.consume('sign-in-account-here', 'gina@x.org 192.0.2.7');
});
