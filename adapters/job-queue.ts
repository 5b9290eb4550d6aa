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
import { postgresOptions } from './postgres-options.js';

export interface QueueOptions {
  /** Redis when set; otherwise BullMQ's own Postgres backend on the same database. */
  redisUrl: string | undefined;
  databaseUrl: string;
  log: Logger;
}

/** Accepting a share never waits longer than this on the queue: the reconciler finds what was not queued. */
const MAX_ADD_MS = 200;

const QUIET_MS = 30_000;
const quietUntil = new WeakMap<Logger, number>();

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
  const { lockMs, concurrency } = options;
  const settings: Omit<WorkerOptions, 'connection'> = {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.max(1_000, Math.round(lockMs / 2)),
    maxStalledCount: 10,
  };
  const work = (job: Job): Promise<void> => process(job.name, job.data, job.attemptsMade + 1);
  const redis = connectRedis(options, { maxRetriesPerRequest: null });
  const worker = redis
    ? new Worker(QUEUE_NAME, work, { ...settings, connection: redis })
    : new Worker(QUEUE_NAME, work, { ...settings, connection: postgres(options) }, createPostgresBackend);
  worker.on('error', warnOf(options));
  return {
    async close() {
      await worker.close();
      redis?.disconnect();
    },
  };
}

function openQueue(options: QueueOptions): { queue: Queue; close: () => Promise<void> } {
  const redis = connectRedis(options, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  const queue = redis
    ? new Queue(QUEUE_NAME, { connection: redis })
    : (new Queue(QUEUE_NAME, { connection: postgres(options) }, createPostgresBackend) as unknown as Queue);
  queue.on('error', warnOf(options));
  return {
    queue,
    async close() {
      await queue.close();
      redis?.disconnect();
    },
  };
}

/** What BullMQ hands to pg: there the password may be a function, though BullMQ's types do not say so. */
function postgres({ databaseUrl }: QueueOptions): PostgresPoolConfig {
  const options = postgresOptions(databaseUrl) as Pick<PostgresPoolConfig, 'connectionString'>;
  return { ...options, schema: 'bullmq', migrate: true, max: 4 };
}

/** Connects at once, so that a Redis that cannot be used shows as the process starts. */
function connectRedis(options: QueueOptions, settings: object): Redis | undefined {
  if (!options.redisUrl) return undefined;
  const redis = new Redis(options.redisUrl, settings);
  redis.on('error', warnOf(options));
  return redis;
}

/**
 * Every client of a process reports the same trouble, and one that reconnects many times a second: one line in half
 * a minute is enough. No process ends by it, since what is due stands in Postgres.
 */
function warnOf({ redisUrl, log }: QueueOptions): (error: Error) => void {
  const place = redisUrl ? 'the Redis of REDIS_URL' : 'the queue in Postgres';
  return (error) => {
    if (Date.now() < (quietUntil.get(log) ?? 0)) return;
    quietUntil.set(log, Date.now() + QUIET_MS);
    log.warn({ err: error }, `${place} does not work; jobs wait until it does`);
  };
}

function expire(milliseconds: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds, false).unref();
  });
}
