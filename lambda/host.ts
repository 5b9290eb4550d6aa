import pg from 'pg';
import { createJobWorker } from '../adapters/job-queue.js';
import { createLogger } from '../adapters/logger.js';
import { announceReady, stopOnSignal } from '../adapters/run-process.js';
import { readEnv } from '../core/config.js';
import { MAIL_QUEUE_NAME } from '../core/jobs.js';
import { createClientPool } from './client-pool.js';
import { hostEnvironment } from './host-env.js';
import { describeConnection, wireOnReady } from './on-ready/wire.js';
import { runMailJob } from './run-mail-job.js';

/** Shares that are mailed at once, each over a connection of its own. */
const CONCURRENCY = 4;

const env = readEnv(hostEnvironment, process.env);
const log = createLogger('mailer', env.LOG_LEVEL);
const pool = new pg.Pool({ ...describeConnection(env), max: CONCURRENCY });
pool.on('error', (error) => {
  log.warn({ err: error }, 'database connection lost');
});
const stopping = new AbortController();
const deps = {
  ...wireOnReady(env, log),
  withClient: createClientPool(pool),
  log,
  stopping: stopping.signal,
};
const worker = createJobWorker(
  {
    ...{ redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, log },
    ...{ queueName: MAIL_QUEUE_NAME, concurrency: CONCURRENCY, lockMs: deps.leaseMs / 2 },
  },
  (name, payload) => runMailJob(deps, name, payload),
);

// The mails that are under way are the last: what is due behind them is marked again by the reconciler.
stopOnSignal(log, async () => {
  stopping.abort();
  await worker.close();
  await pool.end();
});
announceReady();
