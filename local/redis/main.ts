import { startRedis } from './start-redis.js';

const stopRequested = new Promise<void>((resolve) => {
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(event, () => resolve());
});

try {
  const redis = await startRedis({
    dataDir: process.env.LOCAL_REDIS_DATA_DIR ?? '.data/redis',
    port: Number(process.env.LOCAL_REDIS_PORT ?? 6379),
  });
  process.stdout.write(`ready ${redis.url}\n`);
  const exitCode = await Promise.race([stopRequested.then(() => 0), redis.exited.then(() => 1)]);
  await redis.close();
  process.exit(exitCode);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
