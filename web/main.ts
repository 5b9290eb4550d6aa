import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDatabase, createPool } from '../adapters/database.js';
import { createJobQueue } from '../adapters/job-queue.js';
import { createLogger } from '../adapters/logger.js';
import { createPasswordHasher } from '../adapters/password-hasher.js';
import { createRateLimiter } from '../adapters/rate-limiter.js';
import { createQueueReadyMarks } from '../adapters/queue-ready-marks.js';
import { announceReady, stopOnSignal } from '../adapters/run-process.js';
import { createStorage, storageOrigins } from '../adapters/storage.js';
import { cdnFrom, limitsFrom, linkSecretsFrom, readEnv, storageFrom } from '../core/config.js';
import { timingsFor } from '../core/timings.js';
import { createApp } from './app.js';
import { loadAssets } from './assets.js';
import { portalEnvironment } from './env.js';
import { serve } from './serve.js';

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function start(): Promise<void> {
  const env = readEnv(portalEnvironment, process.env);
  const log = createLogger('web', env.LOG_LEVEL);
  const pool = createPool(env.DATABASE_URL, log);
  const cdn = cdnFrom(env);
  const { marks, uploads, signer } = createStorage(storageFrom(env), log, { cdn });
  const queueOptions = { redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, log };
  const queue = createJobQueue(queueOptions);
  const queuedMarks = env.READY_MARKS === 'queue' ? createQueueReadyMarks(queueOptions) : null;
  let isDraining = false;

  const app = createApp({
    db: createDatabase(pool),
    pool,
    queue,
    log,
    limits: limitsFrom(env),
    linkSecrets: linkSecretsFrom(env),
    passwords: createPasswordHasher(),
    rates: createRateLimiter(pool),
    ...{ uploads, signer },
    marks: queuedMarks ?? marks,
    timings: timingsFor(env.LEASE_SECONDS),
    portalUrl: env.PORTAL_URL,
    sessionSecret: env.SESSION_SECRET,
    storageOrigins: await storageOrigins(storageFrom(env)),
    cdnOrigin: cdn && new URL(cdn.url).origin,
    assets: loadAssets(fileURLToPath(new URL('assets', import.meta.url)), env.ASSET_BASE_URL),
    trustProxyHops: env.TRUST_PROXY_HOPS,
    isDraining: () => isDraining,
  });

  const server = await serve(app, { host: env.HOST, port: env.PORT });
  stopOnSignal(log, async () => {
    isDraining = true;
    await wait(env.DRAIN_SECONDS * 1000);
    await server.close({ isProxied: env.DRAIN_SECONDS > 0 });
    await Promise.all([queue.close(), queuedMarks?.close(), pool.end()]);
  });
  announceReady(server.url);
}
