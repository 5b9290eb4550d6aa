import { Redis } from 'ioredis';

const TIMEOUT_MS = 5_000;

/** What keeps the Redis of REDIS_URL from being the queue, in one line; null when it answers. */
export async function checkRedis(url: string): Promise<string | null> {
  const address = addressOf(url);
  if (address === null) return 'REDIS_URL is no URL of a Redis: it has the form redis://127.0.0.1:6379.';
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason = '';
  redis.on('error', (error: Error) => {
    reason = error.message;
  });
  try {
    await redis.connect();
    await redis.ping();
    return null;
  } catch (error) {
    reason ||= error instanceof Error ? error.message : String(error);
    const advice = 'Mend that, or set REDIS_URL to another one; without it the queue is in Postgres.';
    return `REDIS_URL: the Redis at ${address} cannot be used (${reason}). ${advice}`;
  } finally {
    redis.disconnect();
  }
}

/** Without the password, which a URL may hold. */
function addressOf(url: string): string | null {
  if (!/^rediss?:/.test(url) || !URL.canParse(url)) return null;
  return new URL(url).host;
}
