import { createPostgresBackend, Queue, type JobsOptions, type PostgresPoolConfig } from 'bullmq';
import { Redis } from 'ioredis';
import type { Logger } from '../core/ports.js';
import { postgresOptions } from './postgres-options.js';

export interface QueueOptions {
  /** Redis when set; otherwise BullMQ's own Postgres backend on the same database. */
  redisUrl: string | undefined;
  databaseUrl: string;
  log: Logger;
}

/** Nobody reads a finished job: what became of it stands in Postgres. */
export const JOB_OPTIONS: JobsOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 2_000 },
  removeOnComplete: true,
  removeOnFail: true,
};

const QUIET_MS = 30_000;
const quietUntil = new WeakMap<Logger, number>();

/** The producer's end of one queue. */
export function openQueue(name: string, options: QueueOptions): { queue: Queue; close: () => Promise<void> } {
  const redis = connectRedis(options, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  const queue = redis
    ? new Queue(name, { connection: redis })
    : (new Queue(name, { connection: describePostgres(options) }, createPostgresBackend) as unknown as Queue);
  queue.on('error', warnOf(options));
  return {
    queue,
    async close() {
      await queue.close();
      redis?.disconnect();
    },
  };
}

/**
 * BullMQ keeps its tables in a schema of their own, and makes them. It hands this to pg: there the password may be a
 * function, though BullMQ's types do not say so.
 */
export function describePostgres({ databaseUrl }: QueueOptions): PostgresPoolConfig {
  const options = postgresOptions(databaseUrl) as Pick<PostgresPoolConfig, 'connectionString'>;
  return { ...options, schema: 'bullmq', migrate: true, max: 4 };
}

/** Connects at once, so that a Redis that cannot be used shows as the process starts. */
export function connectRedis(options: QueueOptions, settings: object): Redis | undefined {
  if (!options.redisUrl) return undefined;
  const redis = new Redis(options.redisUrl, settings);
  redis.on('error', warnOf(options));
  return redis;
}

/**
 * Every client of a process reports the same trouble, and one that reconnects many times a second: one line in half
 * a minute is enough. No process ends by it, since what is due stands in Postgres.
 */
export function warnOf({ redisUrl, log }: QueueOptions): (error: Error) => void {
  const place = redisUrl ? 'the Redis of REDIS_URL' : 'the queue in Postgres';
  return (error) => {
    if (Date.now() < (quietUntil.get(log) ?? 0)) return;
    quietUntil.set(log, Date.now() + QUIET_MS);
    log.warn({ err: error }, `${place} does not work; jobs wait until it does`);
  };
}
