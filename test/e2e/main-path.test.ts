import { afterAll, beforeAll, expect } from 'vitest';
import { hasRedis, REDIS_HINT, startRedis, type TestRedis } from '../support/start-redis.js';
import { startStack, type TestStack } from '../support/start-stack.js';
import { describeMainPath } from './main-path.js';

// In CI nothing is skipped: there it fails where Redis is missing. On Postgres it is in start.test.ts.
const isSkipped = !hasRedis() && !process.env.CI;

let redis: TestRedis | undefined;
let stack: TestStack | undefined;

beforeAll(async () => {
  if (isSkipped) return;
  redis = await startRedis();
  stack = await startStack({ env: { REDIS_URL: redis.url } });
});

afterAll(async () => {
  const ended = await stack?.stop();
  await redis?.close();
  if (ended) expect(ended).toMatchObject({ code: 0, leftovers: [] });
});

describeMainPath('on Redis', () => stack!, isSkipped ? REDIS_HINT : undefined);
