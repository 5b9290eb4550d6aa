import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { functionArn, type Invocation, type Outcome } from './invocation.js';

interface EventQueue {
  /** Resolves with the request id when a killed process would still remember the event. */
  accept(functionName: string, payload: string): Promise<string>;
  /** Starts no more attempts; those under way still record how they end. Resolves when they have. */
  close(): Promise<void>;
}

/** Runs one attempt. */
type Invoke = (functionName: string, invocation: Invocation) => Promise<Outcome>;

interface StoredEvent extends Invocation {
  functionName: string;
  acceptedAt: string;
  /** How many attempts have failed. */
  failures: number;
  /** When the next attempt is due, in milliseconds since 1970. */
  dueAt: number;
}

/**
 * Asynchronous invocation as AWS does it: at most one retry after each of the two delays, and then a record of the event
 * and its last error in `dead-letters/`. Accepted events are files in `events/` until then, and are taken up again at
 * start, so that an attempt may be repeated after a kill.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export async function openEventQueue(
  dataDir: string,
  retryDelaysMs: [number, number],
  invoke: Invoke,
): Promise<EventQueue> {
  const eventPath = (event: StoredEvent) => join(dataDir, 'events', `${event.requestId}.json`);
  const deadLetterPath = (event: StoredEvent) => join(dataDir, 'dead-letters', `${event.requestId}.json`);
  const timers = new Set<NodeJS.Timeout>();
  const attempts = new Set<Promise<void>>();
  let isClosed = false;

  function schedule(event: StoredEvent): void {
    if (isClosed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const attempt = tryOnce(event)
        .catch((error: unknown) => {
          console.error(error);
        })
        .finally(() => attempts.delete(attempt));
      attempts.add(attempt);
    }, event.dueAt - Date.now());
    timers.add(timer);
  }

  async function tryOnce(event: StoredEvent): Promise<void> {
    const outcome = await invoke(event.functionName, event);
    // What a closing runtime cut off is tried again at its next start.
    if (isClosed && outcome.isError) return;
    const delayMs = retryDelaysMs[event.failures];
    if (outcome.isError && delayMs !== undefined) {
      const retry = { ...event, failures: event.failures + 1, dueAt: Date.now() + delayMs };
      await writeJson(eventPath(event), retry);
      schedule(retry);
      return;
    }
    if (outcome.isError) await writeJson(deadLetterPath(event), deadLetter(event, outcome));
    await rm(eventPath(event));
  }

  await mkdir(join(dataDir, 'dead-letters'), { recursive: true });
  for (const event of await readEvents(join(dataDir, 'events'))) schedule(event);

  return {
    async accept(functionName, payload) {
      const now = Date.now();
      const acceptedAt = new Date(now).toISOString();
      const event = { requestId: randomUUID(), functionName, payload, acceptedAt, failures: 0, dueAt: now };
      await writeJson(eventPath(event), event);
      schedule(event);
      return event.requestId;
    },
    async close() {
      isClosed = true;
      timers.forEach(clearTimeout);
      await Promise.all(attempts);
    },
  };
}

/** The record that AWS sends to an OnFailure destination. */
function deadLetter(event: StoredEvent, outcome: Outcome): object {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${functionArn(event.functionName)}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: event.failures + 1,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: JSON.parse(outcome.payload) as unknown,
  };
}

/** The accepted events, oldest first. */
async function readEvents(directory: string): Promise<StoredEvent[]> {
  await mkdir(directory, { recursive: true });
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts
    .map((text) => JSON.parse(text) as StoredEvent)
    .sort((one, other) => one.acceptedAt.localeCompare(other.acceptedAt));
}

/** Replaces the file as a whole: a kill leaves the old one or the new one. */
async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value, undefined, 2));
  await rename(`${path}.new`, path);
}
