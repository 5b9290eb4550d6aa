import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredObject } from './bucket.js';
import { replaceFile, temporaryPrefix } from './durable-files.js';
import type { S3Faults } from './faults.js';
import { nextSequence } from './sequence.js';

const firstRetryMs = 100;
const longestRetryMs = 5_000;
const answerTimeoutMs = 60_000;
const sendsAtOnce = 8;

export interface OutboxOptions {
  folder: string;
  region: string;
  /** Keys that end with `suffix` are announced to `url`; without a target nothing is recorded. */
  target?: { url: string; suffix: string } | undefined;
  faults: S3Faults;
}

export interface Outbox {
  /** Puts an event on disk. The function it resolves to starts the delivery, once the object is published. */
  record(bucketName: string, object: StoredObject, eventName: string): Promise<() => void>;
  /** Stops sending. What is not delivered stays on disk for the next start. */
  close(): Promise<void>;
}

interface Entry {
  path: string;
  body: string;
  retryMs: number;
}

/**
 * Delivers ObjectCreated events as asynchronous Lambda invocations, each at least once: a file per event, removed
 * when the target has answered 2xx, found again after a restart.
 */
export function openOutbox({ folder, region, target, faults }: OutboxOptions): Outbox {
  const queue: Entry[] = [];
  const held: Entry[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const sending = new Set<Promise<void>>();
  const closing = new AbortController();

  const later = (delayMs: number, task: () => void): void => {
    if (closing.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      task();
    }, delayMs);
    timers.add(timer);
  };

  const post = async (entry: Entry): Promise<boolean> => {
    if (target === undefined || closing.signal.aborted) return false;
    try {
      const response = await fetch(target.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
        body: entry.body,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(answerTimeoutMs)]),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  };

  const send = async (entry: Entry): Promise<void> => {
    const mode = faults.events;
    const isDone = mode === 'drop' || ((await post(entry)) && (mode !== 'duplicate' || (await post(entry))));
    if (isDone) {
      await rm(entry.path, { force: true });
      return;
    }
    later(entry.retryMs, () => {
      enqueue({ ...entry, retryMs: Math.min(entry.retryMs * 2, longestRetryMs) });
    });
  };

  const track = (work: Promise<void>): void => {
    sending.add(work);
    void work.finally(() => {
      sending.delete(work);
      pump();
    });
  };

  const pump = (): void => {
    while (sending.size < sendsAtOnce && !closing.signal.aborted) {
      const entry = queue.shift();
      if (entry === undefined) return;
      track(send(entry));
    }
  };

  const enqueue = (entry: Entry): void => {
    queue.push(entry);
    pump();
  };

  const sendHeldBackwards = async (): Promise<void> => {
    for (const entry of held.splice(0).reverse()) await send(entry);
  };

  const dispatch = (entry: Entry): void => {
    if (faults.events === 'delay') {
      later(faults.delayMs, () => {
        enqueue(entry);
      });
    } else if (faults.events === 'reorder') {
      held.push(entry);
      if (held.length > 1) return;
      later(faults.delayMs, () => {
        track(sendHeldBackwards());
      });
    } else enqueue(entry);
  };

  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (name.startsWith(temporaryPrefix)) rmSync(path);
    else if (target !== undefined) enqueue({ path, body: readFileSync(path, 'utf8'), retryMs: firstRetryMs });
  }

  return {
    async record(bucketName, object, eventName) {
      if (target === undefined || !object.key.endsWith(target.suffix)) return () => undefined;
      const sequencer = nextSequence();
      const path = join(folder, `${sequencer}.json`);
      const body = JSON.stringify({
        Records: [createEvent(bucketName, object, eventName, region, sequencer)],
      });
      await replaceFile(path, body);
      return () => {
        dispatch({ path, body, retryMs: firstRetryMs });
      };
    },
    async close() {
      closing.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(sending);
    },
  };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function createEvent(
  bucketName: string,
  object: StoredObject,
  eventName: string,
  region: string,
  sequencer: string,
) {
  const key = encodeURIComponent(object.key).replace(/%2F/g, '/').replace(/%20/g, '+');
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(object.modifiedAtMs).toISOString(),
    eventName,
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: bucketName, arn: `arn:aws:s3:::${bucketName}` },
      object: { key, size: object.sizeBytes, eTag: object.etag, sequencer },
    },
  };
}
