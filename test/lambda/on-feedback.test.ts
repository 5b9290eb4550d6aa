import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSesEvent } from '../../adapters/ses-events.js';
import { createSesMailer } from '../../adapters/ses-mailer.js';
import { createHandler } from '../../lambda/on-feedback/on-feedback.js';
import { startLambda, type Lambda } from '../../local/lambda/start-lambda.js';
import { startSes, type Ses } from '../../local/ses/start-ses.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { readyShare } from '../support/shares.js';

const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local-secret' };
process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;

let database: OpenTestDatabase;
let dataDir: string;
let lambda: Lambda;
let ses: Ses;
let shareId: string;

beforeAll(async () => {
  const zipPath = await getBuilt('lambda/on-feedback.zip');
  database = await openTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'on-feedback-'));
  const onFeedback = (databaseUrl: string) => ({
    zipPath,
    handler: 'index.handler',
    timeoutMs: 60_000,
    concurrency: 2,
    // Nothing else: it mails nothing, and signs nothing.
    env: { NODE_ENV: 'test', LOG_LEVEL: 'silent', DATABASE_URL: databaseUrl },
  });
  lambda = await startLambda({
    dataDir: path.join(dataDir, 'lambda'),
    port: 0,
    functions: {
      'on-feedback': onFeedback(database.connectionString),
      'without-database': onFeedback('postgresql://127.0.0.1:1/none'),
    },
  });
  const eventTarget = invokeUrl('on-feedback');
  ses = await startSes({ dataDir: path.join(dataDir, 'ses'), port: 0, credentials, eventTarget });
});

afterAll(async () => {
  await ses.close();
  await lambda.close();
  await database.release();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  ses.faults.events = 'ok';
  ses.faults.mode = 'ok';
  shareId = await readyShare(database.db, (await createAccount(database.db)).id);
});

function invokeUrl(name: string): string {
  return `${lambda.url}/2015-03-31/functions/${name}/invocations`;
}

interface Message {
  messageId: string;
  body: string;
}

async function invoke(name: string, Records: Message[]): Promise<unknown> {
  const response = await fetch(invokeUrl(name), { method: 'POST', body: JSON.stringify({ Records }) });
  expect(response.headers.get('x-amz-function-error')).toBeNull();
  return response.json();
}

const delivery = () => database.db.delivery.findFirstOrThrow({ where: { shareId } });

/** A mail of the share as SES took it. @returns its message id */
async function becomeSent(): Promise<string> {
  const messageId = `m-${randomUUID()}`;
  await database.db.delivery.updateMany({ where: { shareId }, data: { state: 'SENT', messageId } });
  return messageId;
}

/** An event about that mail, as the message of a queue. */
async function message(messageId: string, options: { isRaw?: boolean; id?: string } = {}): Promise<Message> {
  const at = new Date().toISOString();
  const event = JSON.stringify({
    eventType: 'Delivery',
    mail: {
      timestamp: at,
      messageId,
      destination: ['bob@example.com'],
      tags: { 'delivery-id': [(await delivery()).id] },
    },
    delivery: { timestamp: at, recipients: ['bob@example.com'] },
  });
  const body = options.isRaw ? event : JSON.stringify({ Type: 'Notification', Message: event });
  return { messageId: options.id ?? randomUUID(), body };
}

describe('a batch of messages', () => {
  test.each([
    ['in the envelope of SNS', false],
    ['raw', true],
  ])('is recorded %s', async (_, isRaw) => {
    const batch = [await message(await becomeSent(), { isRaw })];
    expect(await invoke('on-feedback', batch)).toEqual({ batchItemFailures: [] });
    expect((await delivery()).state).toBe('DELIVERED');
  });

  test('comes again as a whole while the database is down', async () => {
    const batch = [await message('m', { id: 'one' }), await message('m', { id: 'two' })];
    expect(await invoke('without-database', batch)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }, { itemIdentifier: 'two' }],
    });
  });

  test('loses what nobody can read, without its addresses in the log, and records the others', async () => {
    const log = fakeLog();
    const read = async (sql: pg.Client) => {
      const good = await message(await becomeSent(), { id: 'good' });
      const handler = createHandler({ withClient: (work) => work(sql), readEvent: readSesEvent, log });
      const bodies = [
        'bob@example.com',
        '{"Type":"SubscriptionConfirmation","Message":"confirm bob@example.com"}',
        '{"eventType":"Bounce","mail":{"messageId":"bob@example.com"}}',
        '[]',
        '',
      ];
      const bad = bodies.map((body, index) => ({ messageId: `bad-${index}`, body }));
      return handler({ Records: [...bad, good] });
    };
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    expect(await read(client)).toEqual({ batchItemFailures: [] });
    await client.end();
    expect((await delivery()).state).toBe('DELIVERED');
    expect(log.lines.filter(({ message: line }) => line === 'event dropped')).toHaveLength(5);
    expect(JSON.stringify(log.lines)).not.toContain('@');
  });

  test('gives back the one message that could not be recorded', async () => {
    const first = await message(await becomeSent(), { id: 'first' });
    const second = await message('m-other', { id: 'second' });
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    let calls = 0;
    const handler = createHandler({
      withClient: (work) => ((calls += 1) === 1 ? Promise.reject(new Error('gone')) : work(client)),
      readEvent: readSesEvent,
      log: fakeLog(),
    });
    expect(await handler({ Records: [first, second] })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'first' }],
    });
    await client.end();
    expect((await delivery()).state).toBe('SENT');
    expect(await invoke('on-feedback', [first])).toEqual({ batchItemFailures: [] });
    expect((await delivery()).state).toBe('DELIVERED');
  });

  test('of nothing is done at once', async () => {
    expect(await invoke('on-feedback', [])).toEqual({ batchItemFailures: [] });
  });
});

describe('a mail that leaves through the local SES', () => {
  const mailer = () =>
    createSesMailer({
      region: 'us-east-1',
      endpoint: ses.url,
      from: 'share@passalong.example',
      configurationSet: 'local',
    });
  const send = async (to: string) => {
    const { id } = await delivery();
    await database.db.delivery.update({ where: { id }, data: { state: 'UNCONFIRMED', email: to } });
    return mailer().send({
      deliveryId: id,
      shareId,
      to,
      replyTo: null,
      fromName: 'Ann',
      subject: 'Hi',
      text: 'Hi',
      html: '<p>Hi</p>',
    });
  };
  const untilState = (state: string) => expect.poll(async () => (await delivery()).state).toBe(state);

  test.each([
    ['bob@example.com', 'DELIVERED'],
    ['bounce@simulator.amazonses.com', 'BOUNCED'],
    ['suppressionlist@simulator.amazonses.com', 'SUPPRESSED'],
    ['complaint@simulator.amazonses.com', 'COMPLAINED'],
  ])('to %s becomes %s', async (to, state) => {
    await send(to);
    await untilState(state);
  });

  test.each(['duplicate', 'reorder'] as const)('comes to the same end with the switch %s', async (events) => {
    ses.faults.events = events;
    await send('complaint@simulator.amazonses.com');
    await untilState('COMPLAINED');
  });

  test('and whose answer was lost is no longer unconfirmed: it is known by its event', async () => {
    ses.faults.mode = 'accept-then-reset';
    expect(await send('bob@example.com')).toMatchObject({ outcome: 'unknown' });
    await untilState('DELIVERED');
    const [mail] = (await ses.messages()).filter(({ tags }) => tags['share-id'] === shareId);
    expect((await delivery()).messageId).toBe(mail?.id);
  });
});
