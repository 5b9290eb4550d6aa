import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Redis } from 'ioredis';
import { checkRedis } from '../../local/check/check-redis.js';
import { checkStorage } from '../../local/check/check-storage.js';
import { hasRedis, REDIS_HINT, startRedis } from '../support/start-redis.js';
import { credentials, region, startTestS3, type TestS3 } from './s3-support.js';

const isRedisHere = hasRedis();

describe('a storage that is configured', () => {
  let s3: TestS3;

  beforeAll(async () => {
    s3 = await startTestS3();
  });

  afterAll(() => s3.remove());
  afterEach(() => vi.unstubAllEnvs());

  function check(
    changes: { endpoint?: string; bucket?: string; secret?: string } = {},
  ): Promise<string | null> {
    const { endpoint = s3.url, bucket = 'files', secret = credentials.secretAccessKey } = changes;
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
    return checkStorage({ endpoint, bucket, region });
  }

  test('is right when its bucket is there for the keys', async () => {
    expect(await check()).toBeNull();
  });

  test('is told in one line where nothing listens', async () => {
    expect(await check({ endpoint: 'http://127.0.0.1:1' })).toBe(
      'S3_ENDPOINT: the storage at http://127.0.0.1:1 cannot be used (connect ECONNREFUSED 127.0.0.1:1). ' +
        'Mend that, or set S3_ENDPOINT to another one; without it storage runs on this machine.',
    );
    expect(await check({ endpoint: '127.0.0.1:9000' })).toMatch(/^S3_ENDPOINT is no URL/);
  });

  test('is told in one line where it has no such bucket', async () => {
    expect(await check({ bucket: 'not-there' })).toBe(
      `S3_BUCKET: there is no bucket "not-there" at ${s3.url}. Make it, or set S3_BUCKET to one that is there.`,
    );
  });

  test('is told in one line where it refuses the keys', async () => {
    expect(await check({ secret: 'wrong' })).toBe(
      `AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: ${s3.url} refuses them for the bucket "files" (403). ` +
        'Set both to keys that may use it.',
    );
  });

  test('is told in one line where it is something else, or says nothing', async () => {
    s3.faults.failRequests = { status: 503, count: 1 };
    expect(await check()).toContain('cannot be used (it answers 503)');
    const mute = await listenMutely();
    expect(await check({ endpoint: `http://127.0.0.1:${mute.port}` })).toMatch(
      /^S3_ENDPOINT: .* cannot be used/,
    );
    mute.server.close();
  });
});

describe('a Redis that is configured', () => {
  test('is told in one line where nothing listens, and without its password', async () => {
    expect(await checkRedis('redis://:s3cret@127.0.0.1:1')).toBe(
      'REDIS_URL: the Redis at 127.0.0.1:1 cannot be used (connect ECONNREFUSED 127.0.0.1:1). ' +
        'Mend that, or set REDIS_URL to another one; without it the queue is in Postgres.',
    );
    expect(await checkRedis('127.0.0.1:6379')).toMatch(/^REDIS_URL is no URL/);
  });

  test('is told in one line where something else listens that says nothing', async () => {
    const mute = await listenMutely();
    expect(await checkRedis(`redis://127.0.0.1:${mute.port}`)).toMatch(
      /^REDIS_URL: .* cannot be used \(.+\)/,
    );
    mute.server.close();
  });

  const title = isRedisHere
    ? 'is right when it answers'
    : `is right when it answers (skipped: ${REDIS_HINT})`;
  test.skipIf(!isRedisHere)(title, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    expect(await checkRedis(redis.url)).toBeNull();
    const client = new Redis(redis.url);
    await client.config('SET', 'requirepass', 's3cret');
    client.disconnect();
    expect(await checkRedis(redis.url)).toMatch(/^REDIS_URL: .* cannot be used \(NOAUTH/);
    expect(await checkRedis(redis.url.replace('//', '//:wrong@'))).toMatch(/cannot be used \(WRONGPASS/);
  });
});

/** Takes connections and answers nothing. */
async function listenMutely(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.unref().on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
