import { createClamdScanner } from '../adapters/clamd-scanner.js';
import { createDatabase, createPool } from '../adapters/database.js';
import { createFileFetcher } from '../adapters/file-fetcher.js';
import { createJobQueue, createJobWorker } from '../adapters/job-queue.js';
import { createLogger } from '../adapters/logger.js';
import { createQueueReadyMarks } from '../adapters/queue-ready-marks.js';
import { announceReady, stopOnSignal } from '../adapters/run-process.js';
import { createSlackOAuth } from '../adapters/slack-oauth.js';
import { createStorage } from '../adapters/storage.js';
import { limitsFrom, readEnv, storageFrom } from '../core/config.js';
import { platformsFrom } from '../core/platforms.js';
import { createSlackTokens } from '../core/identities/installations.js';
import { reconcile } from '../core/shares/reconcile.js';
import { sweep } from '../core/shares/sweep.js';
import { timingsFor } from '../core/timings.js';
import { workerEnvironment } from './env.js';
import { repeat } from './repeat.js';
import { runJob } from './run-job.js';
import { startWatchdog } from './watchdog.js';

const SWEEP_EVERY_MS = 60 * 60 * 1000;

const env = readEnv(workerEnvironment, process.env);
const log = createLogger('worker', env.LOG_LEVEL);
const pool = createPool(env.DATABASE_URL, log);
const db = createDatabase(pool);
const { members, files, marks } = createStorage(storageFrom(env), log);
const timings = timingsFor(env.LEASE_SECONDS, env.STORAGE_SCRUB_DAYS);
const queueOptions = { redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, log };
const queue = createJobQueue(queueOptions);
const queuedMarks = env.READY_MARKS === 'queue' ? createQueueReadyMarks(queueOptions) : null;
const platforms = platformsFrom(env);
const slackTokens =
  platforms.slack &&
  createSlackTokens({ db, log }, platforms.slack.access, createSlackOAuth(platforms.slack));
const deps = {
  db,
  queue,
  log,
  timings,
  limits: limitsFrom(env),
  sql: pool,
  ...{ members, files },
  marks: queuedMarks ?? marks,
  fetchers: createFileFetcher(platforms, slackTokens),
  scanner: env.CLAMD_URL ? createClamdScanner(env.CLAMD_URL) : null,
};
const watchdog = startWatchdog(db, log, () => process.exit(1));

// Not jobs of the queue: what mends a queue that lost its jobs must not be lost with them, nor wait behind them.
const chores = [
  repeat(timings.reconcileEveryMs, () => doChore('reconcile', reconcile)),
  repeat(SWEEP_EVERY_MS, () => doChore('sweep', sweep)),
];
const worker = createJobWorker(
  { ...queueOptions, concurrency: env.WORKER_CONCURRENCY, lockMs: timings.leaseMs / 2 },
  async (name, payload, attempt) => {
    watchdog.started();
    // A job that fails shows as well as one that succeeds that this worker does not hang.
    await runJob(deps, name, payload, attempt).finally(() => {
      watchdog.completed();
    });
  },
);

stopOnSignal(log, async () => {
  watchdog.stop();
  await Promise.all([...chores.map((chore) => chore.stop()), worker.close()]);
  await Promise.all([queue.close(), queuedMarks?.close()]);
  await db.$disconnect();
  await pool.end();
});
announceReady();

/** The next time does what this one could not. */
async function doChore(chore: string, work: (all: typeof deps) => Promise<void>): Promise<void> {
  const own = { ...deps, log: log.child({ chore }) };
  await work(own).catch((error: unknown) => {
    own.log.warn({ err: error }, 'chore not finished');
  });
}
