import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SesFaults } from './faults.js';
import type { SesMessage } from './journal.js';
import { describeEvents, type SendingEvent } from './sending-events.js';

/** As many messages as a queue hands to a function at once. */
const BATCH = 10;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;
const ANSWER_TIMEOUT_MS = 60_000;

export interface EventOutbox {
  /** Puts the events of an accepted mail on disk, to be delivered when they are due. */
  record(message: SesMessage): Promise<void>;
  /** Stops sending. What is not delivered stays on disk for the next start. */
  close(): Promise<void>;
}

interface Entry {
  path: string;
  /** Milliseconds since 1970. */
  dueAt: number;
  retryMs: number;
  record: QueueRecord;
}

type QueueRecord = ReturnType<typeof envelope>;

/**
 * Stands in for the topic, the queue and its trigger between SES and a function: each event is a message of SNS in a
 * record of SQS, and the function at `target` is called with what is due, and again with what it reports as failed,
 * until it is done. Each is delivered at least once; a file each until then.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
 */
export function openEventOutbox(
  folder: string,
  region: string,
  target: string | undefined,
  faults: SesFaults,
): EventOutbox {
  mkdirSync(folder, { recursive: true });
  const waiting = new Set<NodeJS.Timeout>();
  const due: Entry[] = [];
  const closing = new AbortController();
  let sending: Promise<void> | undefined;

  function schedule(entry: Entry): void {
    if (closing.signal.aborted) return;
    const timer = setTimeout(() => {
      waiting.delete(timer);
      due.push(entry);
      sending ??= sendAll().finally(() => (sending = undefined));
    }, entry.dueAt - Date.now());
    waiting.add(timer);
  }

  async function sendAll(): Promise<void> {
    while (due.length > 0 && !closing.signal.aborted) {
      const batch = due.splice(0, BATCH);
      const failed = await invoke(batch.map(({ record }) => record));
      for (const entry of batch) {
        if (!failed.has(entry.record.messageId)) await rm(entry.path, { force: true });
        else {
          const retryMs = Math.min(entry.retryMs * 2, LONGEST_RETRY_MS);
          schedule({ ...entry, dueAt: Date.now() + entry.retryMs, retryMs });
        }
      }
    }
  }

  /** Calls the function, and waits for its answer as a queue's trigger does. @returns what has to come again */
  async function invoke(records: QueueRecord[]): Promise<Set<string>> {
    const all = new Set(records.map(({ messageId }) => messageId));
    try {
      const response = await fetch(target ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse' },
        body: JSON.stringify({ Records: records }),
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      });
      const answer = (await response.json()) as { batchItemFailures?: { itemIdentifier: string }[] } | null;
      if (!response.ok || response.headers.has('x-amz-function-error')) return all;
      return new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
    } catch {
      return all;
    }
  }

  if (target !== undefined) {
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .sort())
      schedule({
        ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Entry),
        retryMs: FIRST_RETRY_MS,
      });
  }

  return {
    async record(message) {
      if (target === undefined || faults.events === 'never') return;
      for (const { afterMs, event } of disturb(describeEvents(message), faults)) {
        const record = envelope(event, region);
        const dueAt = Date.now() + afterMs;
        const entry = {
          path: join(folder, `${dueAt}-${record.messageId}.json`),
          dueAt,
          retryMs: FIRST_RETRY_MS,
          record,
        };
        await writeFile(`${entry.path}.new`, JSON.stringify(entry));
        await rename(`${entry.path}.new`, entry.path);
        schedule(entry);
      }
    },
    async close() {
      closing.abort();
      waiting.forEach(clearTimeout);
      await sending;
    },
  };
}

/** What the switches do to the events of one mail. */
function disturb(events: SendingEvent[], { events: mode, eventDelayMs }: SesFaults): SendingEvent[] {
  switch (mode) {
    case 'late':
      return events.map(({ afterMs, event }) => ({ afterMs: afterMs + eventDelayMs, event }));
    case 'duplicate':
      return events.flatMap((event) => [event, event]);
    case 'reorder':
      return events.map(({ event }, index) => ({ event, afterMs: events.at(-1 - index)?.afterMs ?? 0 }));
    case 'ok':
    case 'never':
      return events;
  }
}

/**
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
 */
function envelope(event: object, region: string) {
  const topic = `arn:aws:sns:${region}:000000000000:ses-events`;
  const now = Date.now();
  const body = JSON.stringify({
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topic,
    Subject: 'Amazon SES Email Event Notification',
    Message: JSON.stringify(event),
    Timestamp: new Date(now).toISOString(),
    SignatureVersion: '1',
    Signature: 'bG9jYWw=',
    SigningCertURL: `https://sns.${region}.amazonaws.com/SimpleNotificationService-local.pem`,
    UnsubscribeURL: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${topic}:local`,
  });
  return {
    messageId: randomUUID(),
    receiptHandle: randomUUID(),
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(now),
      SenderId: 'LOCAL',
      ApproximateFirstReceiveTimestamp: String(now),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${region}:000000000000:ses-events`,
    awsRegion: region,
  };
}
