import { createPostgresBackend, Worker, type Job, type WorkerOptions } from 'bullmq';
import { jobId, QUEUE_NAME, type MAIL_QUEUE_NAME } from '../core/jobs.js';
import type { JobQueue } from '../core/ports.js';
import {
  connectRedis,
  describePostgres,
  JOB_OPTIONS,
  openQueue,
  warnOf,
  type QueueOptions,
} from './queue-backend.js';

/** Accepting a share never waits longer than this on the queue: the reconciler finds what was not queued. */
const MAX_ADD_MS = 200;

/** The producer. `add` never throws. */
export function createJobQueue(options: QueueOptions): JobQueue & { close(): Promise<void> } {
  const { queue, close } = openQueue(QUEUE_NAME, options);
  return {
    async add(name, payload, { delayMs } = {}) {
      const added = queue.add(name, payload, {
        ...JOB_OPTIONS,
        jobId: jobId(name, payload),
        ...(delayMs === undefined ? {} : { delay: delayMs }),
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
  options: QueueOptions & {
    concurrency: number;
    lockMs: number;
    /** The worker's own unless told. */
    queueName?: typeof QUEUE_NAME | typeof MAIL_QUEUE_NAME;
  },
  process: (name: string, payload: unknown, attempt: number) => Promise<void>,
): { close(): Promise<void> } {
  const { lockMs, concurrency, queueName = QUEUE_NAME } = options;
  const settings: Omit<WorkerOptions, 'connection'> = {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.max(1_000, Math.round(lockMs / 2)),
    maxStalledCount: 10,
  };
  const work = (job: Job): Promise<void> => process(job.name, job.data, job.attemptsMade + 1);
  const redis = connectRedis(options, { maxRetriesPerRequest: null });
  const worker = redis
    ? new Worker(queueName, work, { ...settings, connection: redis })
    : new Worker(
        queueName,
        work,
        { ...settings, connection: describePostgres(options) },
        createPostgresBackend,
      );
  worker.on('error', warnOf(options));
  return {
    async close() {
      await worker.close();
      redis?.disconnect();
    },
  };
}

function expire(milliseconds: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds, false).unref();
  });
}
