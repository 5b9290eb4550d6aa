import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSes, type Ses } from '../../local/ses/start-ses.js';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

interface Published {
  eventType: string;
  mail: { messageId: string; destination: string[]; tags: Record<string, string[]>; timestamp: string };
  bounce?: { bounceType: string; bounceSubType: string; bouncedRecipients: object[] };
  complaint?: { complaintFeedbackType: string };
  delivery?: { timestamp: string; recipients: string[] };
}

interface QueueRecord {
  messageId: string;
  body: string;
  eventSource: string;
}

let dataDir: string;
let ses: Ses;
let client: SESClient;
let functions: Server;
let calls: QueueRecord[][];
/** What the function answers; it reports nothing as failed unless told. */
let answer: (records: QueueRecord[], response: ServerResponse) => void;

const succeed = (_: QueueRecord[], response: ServerResponse): void => {
  response.end('{"batchItemFailures":[]}');
};

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ses-events-'));
  calls = [];
  answer = succeed;
  functions = createServer((request: IncomingMessage, response) => {
    expect(request.headers['x-amz-invocation-type']).toBe('RequestResponse');
    void json(request).then((body) => {
      const { Records } = body as { Records: QueueRecord[] };
      calls.push(Records);
      answer(Records, response);
    });
  });
  functions.listen(0, '127.0.0.1');
  await once(functions, 'listening');
  await open();
});

afterEach(async () => {
  client.destroy();
  await ses.close();
  functions.closeAllConnections();
  functions.close();
  await rm(dataDir, { recursive: true });
});

async function open(): Promise<void> {
  const { port } = functions.address() as AddressInfo;
  ses = await startSes({ dataDir, port: 0, credentials, eventTarget: `http://127.0.0.1:${port}/` });
  client = new SESClient({ endpoint: ses.url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function send(to: string, ConfigurationSetName: string | undefined = 'local'): Promise<string> {
  const Data = Buffer.from(`From: a@b.test\r\nTo: ${to}\r\nSubject: Hi\r\n\r\nHi`);
  const Tags = [{ Name: 'delivery-id', Value: 'd-1' }];
  const { MessageId = '' } = await client.send(
    new SendRawEmailCommand({ RawMessage: { Data }, Tags, ConfigurationSetName }),
  );
  return MessageId;
}

/** The events that the function was given, in their order, out of the envelopes. */
function published(): Published[] {
  return calls.flat().map(({ body, eventSource }) => {
    expect(eventSource).toBe('aws:sqs');
    const envelope = JSON.parse(body) as { Type: string; TopicArn: string; Message: string };
    expect(envelope).toMatchObject({
      Type: 'Notification',
      TopicArn: expect.stringMatching(/^arn:aws:sns:/) as string,
    });
    return JSON.parse(envelope.Message) as Published;
  });
}

const types = () => published().map(({ eventType }) => eventType);
const untilTypes = (...expected: string[]) => expect.poll(types).toEqual(expected);
const filesLeft = async () => (await readdir(join(dataDir, 'events'))).length;

describe('a mail that was accepted', () => {
  test.each([
    ['bob@example.test', ['Send', 'Delivery']],
    ['success@simulator.amazonses.com', ['Send', 'Delivery']],
    ['success+one@simulator.amazonses.com', ['Send', 'Delivery']],
    ['complaint@simulator.amazonses.com', ['Send', 'Delivery', 'Complaint']],
    ['bounce+label@simulator.amazonses.com', ['Send', 'Bounce']],
    ['SuppressionList@simulator.amazonses.com', ['Send', 'Bounce']],
  ])('to %s is followed by %j', async (to, expected) => {
    const messageId = await send(to);
    await untilTypes(...expected);
    for (const { mail } of published()) {
      expect(mail).toMatchObject({
        messageId,
        destination: [to],
        tags: { 'delivery-id': ['d-1'], 'ses:configuration-set': ['local'] },
      });
    }
    await expect.poll(filesLeft).toBe(0);
  });

  test('says why it came back, or was called spam', async () => {
    await send('bounce@simulator.amazonses.com');
    await send('suppressionlist@simulator.amazonses.com');
    await send('complaint@simulator.amazonses.com');
    await expect.poll(types).toHaveLength(7);
    const bounces = published().flatMap(({ bounce }) => bounce ?? []);
    expect(bounces).toMatchObject([
      { bounceType: 'Permanent', bounceSubType: 'General' },
      { bounceType: 'Permanent', bounceSubType: 'Suppressed' },
    ]);
    expect(published().flatMap(({ complaint }) => complaint ?? [])).toMatchObject([
      { complaintFeedbackType: 'abuse' },
    ]);
  });

  test('is followed by nothing without a configuration set, as SES has it', async () => {
    const Data = Buffer.from('From: a@b.test\r\nTo: bob@example.test\r\nSubject: Hi\r\n\r\nHi');
    await client.send(new SendRawEmailCommand({ RawMessage: { Data } }));
    await send('carla@example.test');
    await untilTypes('Send', 'Delivery');
    expect(published()[0]?.mail.destination).toEqual(['carla@example.test']);
  });

  test('and never answered is followed by its events all the same', async () => {
    ses.faults.mode = 'accept-then-reset';
    await expect(send('bob@example.test')).rejects.toThrow();
    await untilTypes('Send', 'Delivery');
  });
});

describe('an event', () => {
  test('comes again until the function has done it, and alone where the others are done', async () => {
    answer = (records, response) => {
      if (calls.length === 1) response.writeHead(500).end('{}');
      else if (calls.length === 2) response.setHeader('x-amz-function-error', 'Unhandled').end('{}');
      else if (calls.length === 3) {
        const batchItemFailures = records.map(({ messageId }) => ({ itemIdentifier: messageId }));
        response.end(JSON.stringify({ batchItemFailures }));
      } else succeed(records, response);
    };
    await send('bob@example.test');
    await expect.poll(filesLeft).toBe(0);
    expect(types().filter((type) => type === 'Send').length).toBeGreaterThanOrEqual(2);
    expect(types()).toContain('Delivery');
    const done = calls.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(calls).toHaveLength(done);
  });

  test('survives a restart', async () => {
    ses.faults.events = 'late';
    ses.faults.eventDelayMs = 1_500;
    await send('bob@example.test');
    client.destroy();
    await ses.close();
    expect(calls).toEqual([]);
    expect(await filesLeft()).toBe(2);
    await open();
    await untilTypes('Send', 'Delivery');
  });

  test('can be late', async () => {
    Object.assign(ses.faults, { events: 'late', eventDelayMs: 1_000 });
    const sentAt = performance.now();
    await send('bob@example.test');
    await untilTypes('Send', 'Delivery');
    expect(performance.now() - sentAt).toBeGreaterThan(1_000);
  });

  test('can come twice, under ids of its own', async () => {
    ses.faults.events = 'duplicate';
    await send('bob@example.test');
    await untilTypes('Send', 'Send', 'Delivery', 'Delivery');
    expect(new Set(calls.flat().map(({ messageId }) => messageId)).size).toBe(4);
    expect(new Set(published().map((event) => JSON.stringify(event))).size).toBe(2);
  });

  test('can overtake those before it', async () => {
    ses.faults.events = 'reorder';
    await send('complaint@simulator.amazonses.com');
    await untilTypes('Complaint', 'Delivery', 'Send');
  });

  test('can never come', async () => {
    ses.faults.events = 'never';
    await send('bob@example.test');
    ses.faults.events = 'ok';
    await send('carla@example.test');
    await untilTypes('Send', 'Delivery');
    expect(await filesLeft()).toBeLessThanOrEqual(1);
  });
});
