import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createJobQueue, createJobWorker } from '../../adapters/job-queue.js';
import type { QueueOptions } from '../../adapters/queue-backend.js';
import { fakeLog } from '../support/fakes.js';
import { hasRedis, REDIS_HINT, startRedis, type TestRedis } from '../support/start-redis.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Call {
  name: string;
  payload: unknown;
  attempt: number;
  at: number;
}

interface Backend {
  options: QueueOptions;
  /** How many jobs the queue still knows, finished ones included. */
  countJobs(): Promise<number>;
  close(): Promise<void>;
}

async function openPostgres(): Promise<Backend> {
  const database: TestDatabase = await createTestDatabase();
  const { connectionString } = database;
  return {
    options: { redisUrl: undefined, databaseUrl: connectionString, log: fakeLog() },
    async countJobs() {
      const client = new pg.Client({ connectionString });
      await client.connect();
      const tables = await client.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'bullmq' AND column_name = 'data' AND table_name LIKE '%job%'`,
      );
      const name = tables.rows.map((row) => row.name).find((table) => !table.includes('scheduler')) ?? '';
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM bullmq.${name}`);
      await client.end();
      return Number(rows[0]?.count);
    },
    close: () => database.drop(),
  };
}

async function openRedis(): Promise<Backend> {
  const redis: TestRedis = await startRedis();
  return {
    options: { redisUrl: redis.url, databaseUrl: 'postgresql://127.0.0.1:1/none', log: fakeLog() },
    async countJobs() {
      const client = new Redis(redis.url);
      const keys = await client.keys('bull:passalong:*');
      client.disconnect();
      return keys.filter((key) => /^bull:passalong:(store|mark|delete|reconcile|sweep|repeat:)/.test(key))
        .length;
    },
    close: () => redis.close(),
  };
}

const isRedisHere = hasRedis();

test.runIf(process.env.CI === 'true')('Redis is there for the queue’s contract in CI', () => {
  expect(isRedisHere, REDIS_HINT).toBe(true);
});

describe.each([
  ['Postgres', openPostgres, false],
  [isRedisHere ? 'Redis' : `Redis (skipped: ${REDIS_HINT})`, openRedis, !isRedisHere],
])('the queue on %s', (_, open, isSkipped) => {
  describe.skipIf(isSkipped)('keeps its contract:', () => {
    let backend: Backend;
    let closers: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      backend = await open();
    });

    afterEach(async () => {
      for (const close of closers.reverse()) await close();
      closers = [];
    });

    afterAll(() => backend.close());

    function openQueue() {
      const queue = createJobQueue(backend.options);
      closers.push(() => queue.close());
      return queue;
    }

    /** A worker that keeps what it was asked to do, and does what it is told. */
    function startWorker(act: (call: Call) => Promise<void> | void = () => undefined): Call[] {
      const calls: Call[] = [];
      const worker = createJobWorker(
        { ...backend.options, concurrency: 4, lockMs: 30_000 },
        async (name, payload, attempt) => {
          const call = { name, payload, attempt, at: Date.now() };
          calls.push(call);
          await act(call);
        },
      );
      closers.push(() => worker.close());
      return calls;
    }

    test('producers that start at once on an empty backend all come up', async () => {
      const queues = Array.from({ length: 4 }, openQueue);
      const shareIds = queues.map(() => randomUUID());
      await Promise.all(queues.map((queue, index) => addSurely(queue, shareIds[index] ?? '')));
      const calls = startWorker();
      await until(
        () => new Set(calls.map(({ payload }) => (payload as { shareId: string }).shareId)).size === 4,
      );
    });

    test('a job reaches a worker with its name and ids, and can be asked for again afterwards', async () => {
      const queue = openQueue();
      const calls = startWorker();
      const shareId = randomUUID();
      await addSurely(queue, shareId);
      await until(() => calls.length === 1);
      expect(calls).toMatchObject([{ name: 'store-attachments', payload: { shareId }, attempt: 1 }]);
      await untilAsync(async () => (await backend.countJobs()) === 0);
      await queue.add('store-attachments', { shareId });
      await until(() => calls.length === 2);
    });

    test('the same job asked for many times while it waits is done once', async () => {
      const queue = openQueue();
      const shareId = randomUUID();
      await addSurely(queue, shareId);
      for (let count = 0; count < 5; count += 1) await queue.add('store-attachments', { shareId });
      const calls = startWorker();
      await until(() => calls.length >= 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(calls).toHaveLength(1);
    });

    test('a job that failed is tried again later, and then counts as done', async () => {
      const queue = openQueue();
      const calls = startWorker(({ attempt }) => {
        if (attempt === 1) throw new Error('storage is down');
      });
      await addSurely(queue, randomUUID());
      await until(() => calls.length === 2);
      expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(1_500);
      await untilAsync(async () => (await backend.countJobs()) === 0);
    });

    test('a delayed job is not done before its time', async () => {
      const queue = openQueue();
      const calls = startWorker();
      await addSurely(queue, randomUUID());
      await until(() => calls.length === 1);
      const askedAt = Date.now();
      await queue.add('mark-ready', { shareId: randomUUID() }, { delayMs: 1_000 });
      await until(() => calls.length === 2);
      expect((calls[1]?.at ?? 0) - askedAt).toBeGreaterThan(900);
    });
  });
});

test.each([
  ['Postgres', { redisUrl: undefined, databaseUrl: 'postgresql://127.0.0.1:1/none' }],
  ['Redis', { redisUrl: 'redis://127.0.0.1:1', databaseUrl: 'postgresql://127.0.0.1:1/none' }],
])('while %s is down, adding a job neither throws nor keeps anybody waiting', async (_, urls) => {
  const log = fakeLog();
  const queue = createJobQueue({ ...urls, log });
  const thrice = async (work: () => Promise<void>): Promise<void> => {
    for (let count = 0; count < 3; count += 1) await work();
  };
  // A wait of the same event loop is the clock: on a busy machine both are late.
  const first = await Promise.race([
    thrice(() => queue.add('store-attachments', { shareId: randomUUID() })).then(() => 'added'),
    thrice(() => wait(500)).then(() => 'kept waiting'),
  ]);
  expect(first).toBe('added');
  expect(log.lines.length).toBeGreaterThan(0);
  await Promise.race([
    queue.close().catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, 1_000)),
  ]);
});

test('while Redis is down, a process says so once for all its clients, and what to look at', async () => {
  const log = fakeLog();
  const options = { redisUrl: 'redis://127.0.0.1:1', databaseUrl: 'postgresql://127.0.0.1:1/none', log };
  const queue = createJobQueue(options);
  const worker = createJobWorker({ ...options, concurrency: 1, lockMs: 30_000 }, () => Promise.resolve());
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(log.lines.map(({ level, message }) => ({ level, message }))).toEqual([
    { level: 'warn', message: 'the Redis of REDIS_URL does not work; jobs wait until it does' },
  ]);
  void Promise.all([queue.close(), worker.close()]).catch(() => undefined);
});

/** The first job of a queue that is only just opening may take longer than anybody waits for it. */
async function addSurely(queue: ReturnType<typeof createJobQueue>, shareId: string): Promise<void> {
  await queue.add('store-attachments', { shareId });
  await new Promise((resolve) => setTimeout(resolve, 300));
}

async function until(condition: () => boolean): Promise<void> {
  await untilAsync(async () => condition());
}

async function untilAsync(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error('waited 12 s in vain');
}
