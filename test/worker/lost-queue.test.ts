import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccount } from '../support/accounts.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare } from '../support/shares.js';
import { hasRedis, REDIS_HINT, startRedis, type TestRedis } from '../support/start-redis.js';

const isRedisHere = hasRedis();
const title = isRedisHere ? 'a worker on Redis' : `a worker on Redis (skipped: ${REDIS_HINT})`;

describe.skipIf(!isRedisHere)(title, () => {
  let database: OpenTestDatabase;
  let redis: TestRedis;
  let worker: ChildProcess;

  beforeAll(async () => {
    const workerPath = await getBuilt('worker.js');
    [database, redis] = await Promise.all([openTestDatabase(), startRedis()]);
    worker = spawn(process.execPath, [workerPath], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'development',
        LEASE_SECONDS: '3',
        DATABASE_URL: database.connectionString,
        REDIS_URL: redis.url,
        S3_BUCKET: 'files',
        S3_ENDPOINT: 'http://127.0.0.1:1',
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (worker.stdout) await once(worker.stdout, 'data');
  });

  afterAll(async () => {
    worker.kill('SIGKILL');
    await redis.close();
    await database.release();
  });

  async function expire(): Promise<string> {
    const shareId = await acceptShare(database.db, (await createAccount(database.db)).id);
    await database.db
      .$executeRaw`UPDATE share SET state = 'READY', expires_at = now() WHERE id = ${shareId}::uuid`;
    return shareId;
  }

  async function isExpired(shareId: string): Promise<boolean> {
    for (let tries = 0; tries < 100; tries += 1) {
      const { state } = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
      if (state === 'EXPIRED') return true;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    return false;
  }

  test('goes on reconciling after the queue lost everything, and while it is away', async () => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    // What was under way at that moment does not count.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await isExpired(await expire())).toBe(true);
    await redis.crash();
    expect(await isExpired(await expire())).toBe(true);
    expect(worker.exitCode).toBeNull();
  });
});
