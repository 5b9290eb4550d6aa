import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSesMailer } from '../../adapters/ses-mailer.js';
import type { Mailer } from '../../core/ports.js';
import { startSes, type Ses } from '../../local/ses/start-ses.js';
import { describeMailer, mail } from './mailer-contract.js';

const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local-secret' };
process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;

let dataDir: string;
let ses: Ses;
let mailer: Mailer;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ses-mailer-'));
  ses = await startSes({ dataDir, port: 0, credentials });
  mailer = createMailer(ses.url);
});

afterEach(async () => {
  await ses.close();
  await rm(dataDir, { recursive: true });
});

function createMailer(endpoint: string, configurationSet?: string, timeoutMs?: number): Mailer {
  return createSesMailer({
    region: 'us-east-1',
    endpoint,
    from: 'no-reply@portal.test',
    configurationSet,
    timeoutMs,
  });
}

describeMailer('SES', async () => ({ mailer, received: () => ses.messages(), close: async () => {} }));

test('a mail carries its tags and its configuration set, and is known by the id that SES gave it', async () => {
  const result = await createMailer(ses.url, 'passalong').send(mail);
  const [message] = await ses.messages();
  expect(result).toEqual({ outcome: 'sent', messageId: message?.id });
  expect(message).toMatchObject({
    tags: { 'delivery-id': mail.deliveryId, 'share-id': mail.shareId },
    configurationSet: 'passalong',
  });
  await mailer.send({ ...mail, shareId: null });
  expect((await ses.messages())[1]?.tags).toEqual({ 'delivery-id': mail.deliveryId });
});

describe('what became of a mail', () => {
  test.each([
    ['throttle', 'not-taken', 0],
    ['4xx', 'refused', 0],
    ['5xx', 'unknown', 0],
    ['accept-then-reset', 'unknown', 1],
  ] as const)('with SES in mode %s is "%s", after one call', async (mode, outcome, accepted) => {
    ses.faults.mode = mode;
    ses.faults.count = 1;
    expect(await mailer.send(mail)).toMatchObject({ outcome, errorCode: expect.any(String) as string });
    // A second call would have met a healthy SES.
    expect(await ses.messages()).toHaveLength(accepted);
  });

  test('with an SES that takes it and never answers is "unknown", after one call', async () => {
    ses.faults.mode = 'accept-then-hang';
    ses.faults.count = 1;
    const impatient = createMailer(ses.url, undefined, 300);
    expect(await impatient.send(mail)).toMatchObject({ outcome: 'unknown' });
    expect(await ses.messages()).toHaveLength(1);
  });

  test.each([
    ['after its headers', '<SendRawEmailResponse>'],
    ['in an error', '<ErrorResponse>'],
  ])('with an SES that stops %s is "unknown" once the time is over', async (_, begun) => {
    const stalling = createServer((request, response) => {
      request.resume().on('end', () => {
        const status = begun === '<ErrorResponse>' ? 400 : 200;
        response.writeHead(status, { 'content-type': 'text/xml', 'content-length': 500 }).write(begun);
      });
    });
    stalling.listen(0, '127.0.0.1');
    await once(stalling, 'listening');
    const endpoint = `http://127.0.0.1:${(stalling.address() as AddressInfo).port}`;
    expect(await createMailer(endpoint, undefined, 500).send(mail)).toMatchObject({ outcome: 'unknown' });
    stalling.closeAllConnections();
    stalling.close();
  });

  test('with nobody at the other end is "not-taken"', async () => {
    expect(await createMailer('http://127.0.0.1:1').send(mail)).toEqual({
      outcome: 'not-taken',
      errorCode: 'ECONNREFUSED',
    });
    expect(await createMailer('http://nobody.invalid').send(mail)).toMatchObject({ outcome: 'not-taken' });
  });

  test('with wrong credentials is "not-taken": that is about us, and may pass', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    expect(await createMailer(ses.url).send(mail)).toMatchObject({ outcome: 'not-taken' });
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    expect(await ses.messages()).toEqual([]);
  });
});

test('each mail has a connection of its own, since a function that slept finds its old one dead', async () => {
  let connections = 0;
  const answer =
    '<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>';
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'text/xml' }).end(answer));
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = createMailer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (let count = 0; count < 3; count += 1) {
    expect(await own.send(mail)).toEqual({ outcome: 'sent', messageId: 'm' });
  }
  expect(connections).toBe(3);
  server.closeAllConnections();
  server.close();
});
