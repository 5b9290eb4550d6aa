import {
  createPostgresBackend,
  Queue,
  Worker,
  type Job,
  type PostgresPoolConfig,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { jobId, QUEUE_NAME } from '../core/jobs.js';
import type { JobQueue, Logger } from '../core/ports.js';

export interface QueueOptions {
  /** Redis when set; otherwise BullMQ's own Postgres backend on the same database. */
  redisUrl: string | undefined;
  databaseUrl: string;
  log: Logger;
}

/** Accepting a share never waits longer than this on the queue: the reconciler finds what was not queued. */
const MAX_ADD_MS = 200;

/** The producer. `add` never throws. */
export function createJobQueue(options: QueueOptions): JobQueue & { close(): Promise<void> } {
  const { queue, close } = openQueue(options);
  return {
    async add(name, payload, { delayMs } = {}) {
      const added = queue.add(name, payload, {
        jobId: jobId(name, payload),
        ...(delayMs === undefined ? {} : { delay: delayMs }),
        attempts: 5,
        backoff: { type: 'exponential', delay: 2_000 },
        removeOnComplete: true,
        removeOnFail: true,
      });
      const isAdded = await Promise.race([added.then(() => true), expire(MAX_ADD_MS)]).catch(
        (error: unknown) => {
          options.log.warn({ job: name, err: error }, 'job not queued; the reconciler will');
          return true;
        },
      );
      if (isAdded) return;
      options.log.warn({ job: name }, 'queue is slow; not waiting for it');
      added.catch(() => undefined);
    },
    close,
  };
}

/** The consumer: at least once, so every processor is safe to repeat. */
export function createJobWorker(
  options: QueueOptions & { concurrency: number; lockMs: number },
  process: (name: string, payload: unknown, attempt: number) => Promise<void>,
): { close(): Promise<void> } {
  const { log, lockMs, concurrency } = options;
  const settings: Omit<WorkerOptions, 'connection'> = {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.max(1_000, Math.round(lockMs / 2)),
    maxStalledCount: 10,
  };
  const work = (job: Job): Promise<void> => process(job.name, job.data, job.attemptsMade + 1);
  const redis = options.redisUrl
    ? connectRedis(options.redisUrl, log, { maxRetriesPerRequest: null })
    : undefined;
  const worker = redis
    ? new Worker(QUEUE_NAME, work, { ...settings, connection: redis })
    : new Worker(QUEUE_NAME, work, { ...settings, connection: postgres(options) }, createPostgresBackend);
  worker.on('error', warnNowAndThen(log, 'queue worker error'));
  return {
    async close() {
      await worker.close();
      redis?.disconnect();
    },
  };
}

function openQueue(options: QueueOptions): { queue: Queue; close: () => Promise<void> } {
  const redis = options.redisUrl
    ? connectRedis(options.redisUrl, options.log, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
    : undefined;
  const queue = redis
    ? new Queue(QUEUE_NAME, { connection: redis })
    : (new Queue(QUEUE_NAME, { connection: postgres(options) }, createPostgresBackend) as unknown as Queue);
  queue.on('error', warnNowAndThen(options.log, 'queue error'));
  return {
    queue,
    async close() {
      await queue.close();
      redis?.disconnect();
    },
  };
}

function postgres({ databaseUrl }: QueueOptions): PostgresPoolConfig {
  return { connectionString: databaseUrl, schema: 'bullmq', migrate: true, max: 4 };
}

function connectRedis(url: string, log: Logger, options: object): Redis {
  const redis = new Redis(url, options);
  redis.on('error', warnNowAndThen(log, 'redis connection lost'));
  return redis;
}

/** A client that reconnects reports an error many times a second: one line in ten seconds is enough. */
function warnNowAndThen(log: Logger, message: string): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + 10_000;
    log.warn({ err: error }, message);
  };
}

function expire(milliseconds: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds, false).unref();
  });
}
