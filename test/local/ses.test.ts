import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stdin } from 'node:process';
import { createInterface } from 'node:readline';
import {
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  ListIdentitiesCommand,
  ListTemplatesCommand,
  SESClient,
  SendEmailCommand,
  SendRawEmailCommand,
  VerifyEmailIdentityCommand,
  type SendRawEmailCommandInput,
} from '@aws-sdk/client-ses';
import MailComposer from 'nodemailer/lib/mail-composer';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SesMessage } from '../../local/ses/journal.js';
import { startSes, type Ses } from '../../local/ses/start-ses.js';
import { getBuilt } from '../support/get-built.js';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
const mail = {
  from: 'Passalong <no-reply@passalong.test>',
  replyTo: 'Ann <ann@example.test>',
  to: ['bob@example.test', 'Carla <carla@example.test>'],
  subject: 'Ann sent you “plan.pdf”',
  text: 'Open it: https://passalong.test/l/abc?a=1&b=2.',
  html: '<html><head></head><body><a href="https://passalong.test/l/abc?a=1&amp;b=2">Open</a></body></html>',
  headers: { 'List-Unsubscribe': '<https://passalong.test/u/1>' },
};

let dataDir: string;
let ses: Ses;
let client: SESClient;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ses-'));
  await open();
});

afterEach(async () => {
  client.destroy();
  await ses.close();
  await rm(dataDir, { recursive: true });
});

describe('an accepted mail', () => {
  test('is kept with its envelope, tags, headers, parts and links', async () => {
    const { MessageId } = await sendRaw(mail, {
      Source: 'bounces@passalong.test',
      Destinations: ['bob@example.test', 'dora@example.test'],
      Tags: [{ Name: 'delivery', Value: 'd-1' }],
      ConfigurationSetName: 'passalong',
    });
    const [message] = (await (await fetch(`${ses.url}/messages.json`)).json()) as SesMessage[];
    expect(message).toMatchObject({
      id: MessageId,
      source: 'bounces@passalong.test',
      destinations: ['bob@example.test', 'dora@example.test'],
      from: '"Passalong" <no-reply@passalong.test>',
      replyTo: '"Ann" <ann@example.test>',
      to: 'bob@example.test, "Carla" <carla@example.test>',
      subject: mail.subject,
      html: mail.html,
      tags: { delivery: 'd-1' },
      configurationSet: 'passalong',
      links: ['https://passalong.test/l/abc?a=1&b=2'],
    });
    expect(message?.text.trim()).toBe(mail.text);
    expect(message?.headers['list-unsubscribe']).toBe('<https://passalong.test/u/1>');
    expect(Date.parse(message?.at ?? '')).toBeGreaterThan(Date.now() - 60_000);
    const original = await (await fetch(`${ses.url}/messages/${MessageId}.eml`)).text();
    expect(original).toContain('Subject: =?UTF-8?');
  });

  test('goes to every To, Cc and Bcc of its headers when the request names no destinations, and may carry its tags', async () => {
    await sendRaw({
      ...mail,
      cc: 'dora@example.test',
      headers: { 'X-SES-MESSAGE-TAGS': 'share=s-1, delivery=d-1' },
    });
    const [message] = await ses.messages();
    expect(message?.source).toBe('no-reply@passalong.test');
    expect(message?.destinations).toEqual(['bob@example.test', 'carla@example.test', 'dora@example.test']);
    expect(message?.tags).toEqual({ share: 's-1', delivery: 'd-1' });
  });

  test('may be made by SendEmail too', async () => {
    await client.send(
      new SendEmailCommand({
        Source: mail.from,
        Destination: { ToAddresses: ['bob@example.test'], BccAddresses: ['eve@example.test'] },
        Message: { Subject: { Data: 'Grüße' }, Body: { Text: { Data: 'Hallo' } } },
      }),
    );
    expect(await ses.messages()).toMatchObject([
      { subject: 'Grüße', destinations: ['bob@example.test', 'eve@example.test'], html: '' },
    ]);
  });

  test('is still there after a restart, in order, and a half-written line is not', async () => {
    await sendRaw({ ...mail, subject: 'first' });
    await sendRaw({ ...mail, subject: 'second' });
    appendFileSync(join(dataDir, 'journal.jsonl'), '{"id":"torn');
    await restart();
    await sendRaw({ ...mail, subject: 'third' });
    await restart();
    expect((await ses.messages()).map(({ subject }) => subject)).toEqual(['first', 'second', 'third']);
  });
});

describe('a request that SES would refuse', () => {
  const refused: [string, Partial<typeof mail>, Partial<SendRawEmailCommandInput>, RegExp][] = [
    ['names nobody', { to: [] }, {}, /Missing required header 'To'/],
    ['has no From', { from: '' }, { Source: 'a@passalong.test' }, /Missing required header 'From'/],
    [
      'has 51 recipients',
      {},
      { Destinations: Array.from({ length: 51 }, (_, n) => `r${n}@example.test`) },
      /exceeds 50/,
    ],
    ['has an address without @', {}, { Destinations: ['bob'] }, /Missing final '@domain'/],
    ['has an address with a newline', {}, { Destinations: ['bob@example.test\nBcc: x@y.test'] }, /control/],
    ['has two addresses in one', {}, { Destinations: ['bob@example.test, eve@example.test'] }, /Illegal/],
    ['has an address in Unicode', {}, { Destinations: ['bób@example.test'] }, /Illegal/],
    ['has an impossible domain', {}, { Destinations: ['bob@-example..test'] }, /Illegal/],
    ['has a tag with a space', {}, { Tags: [{ Name: 'a b', Value: 'c' }] }, /Invalid tag/],
    [
      'is larger than 10 MB',
      {},
      { RawMessage: { Data: Buffer.alloc(11_000_000, 'From: a@b.test\r\nTo: c@d.test\r\n\r\n') } },
      /more than 10485760 bytes/,
    ],
  ];
  test.each(refused)(
    'because it %s is answered with its reason and not kept',
    async (_, change, request, reason) => {
      const error = await failure(sendRaw({ ...mail, ...change }, request));
      expect(error.name).toBe('InvalidParameterValue');
      expect(error.message).toMatch(reason);
      expect(await ses.messages()).toEqual([]);
    },
  );

  test('because its Subject is repeated is not kept', async () => {
    const Data = Buffer.from('From: a@b.test\r\nTo: c@d.test\r\nSubject: 1\r\nSubject: 2\r\n\r\nHi');
    const error = await failure(client.send(new SendRawEmailCommand({ RawMessage: { Data } })));
    expect(error.message).toMatch(/Duplicate header 'subject'/);
  });

  test('because the action is unknown is answered with InvalidAction at once', async () => {
    const error = await failure(client.send(new ListTemplatesCommand({})));
    expect(error).toMatchObject({ name: 'InvalidAction', $metadata: { httpStatusCode: 400 } });
  });

  test.each([
    [
      'with another access key',
      { ...credentials, accessKeyId: 'other' },
      'us-east-1',
      'InvalidClientTokenId',
    ],
    [
      'with a wrong secret',
      { ...credentials, secretAccessKey: 'wrong' },
      'us-east-1',
      'SignatureDoesNotMatch',
    ],
    ['for another region', credentials, 'eu-west-1', 'SignatureDoesNotMatch'],
  ])('because it is signed %s is answered with 403', async (_, wrong, region, name) => {
    const stranger = new SESClient({ endpoint: ses.url, region, credentials: wrong, maxAttempts: 1 });
    const error = await failure(stranger.send(new GetSendQuotaCommand({})));
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: 403 } });
    stranger.destroy();
  });

  test('because it is signed at another time is answered with 403', async () => {
    const late = new SESClient({
      endpoint: ses.url,
      region: 'us-east-1',
      credentials,
      maxAttempts: 1,
      systemClockOffset: -10 * 60_000,
    });
    expect(await failure(late.send(new GetSendQuotaCommand({})))).toMatchObject({
      name: 'SignatureDoesNotMatch',
      message: expect.stringMatching(/expired/) as unknown,
    });
    late.destroy();
  });

  test('because its body was changed after signing, or is not signed, is answered with 403', async () => {
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string };
        request.body = request.body.replace('GetSendQuota', 'SendRawEmail').padEnd(request.body.length, ' ');
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    expect(await failure(client.send(new GetSendQuotaCommand({})))).toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    const unsigned = await fetch(ses.url, { method: 'POST', body: 'Action=GetSendQuota' });
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });
});

describe('the fault switches', () => {
  test.each([
    ['throttle', 'Throttling', 400],
    ['4xx', 'MessageRejected', 400],
    ['5xx', 'ServiceUnavailable', 503],
  ] as const)('refuse as many sends as they are told to in mode %s', async (mode, name, httpStatusCode) => {
    await setFaults({ mode, count: 2 });
    for (let send = 0; send < 2; send += 1)
      expect(await failure(sendRaw(mail))).toMatchObject({ name, $metadata: { httpStatusCode } });
    await sendRaw(mail);
    expect(await ses.messages()).toHaveLength(1);
    expect(ses.faults).toMatchObject({ mode: 'ok', count: null });
  });

  test('keep the mail and reset the connection', async () => {
    ses.faults.mode = 'accept-then-reset';
    expect(await failure(sendRaw(mail))).toMatchObject({ code: 'ECONNRESET' });
    expect(await ses.messages()).toHaveLength(1);
  });

  test('keep the mail and never answer, and closing ends the wait', async () => {
    await setFaults({ mode: 'accept-then-hang', count: 1 });
    const hanging = failure(sendRaw(mail));
    await expect.poll(() => ses.messages()).toHaveLength(1);
    await sendRaw(mail);
    await ses.close();
    expect(await hanging).toBeInstanceOf(Error);
    await restart();
    expect(await ses.messages()).toHaveLength(2);
  });

  test('refuse names and values that they do not have', async () => {
    for (const change of [{ mood: 'ok' }, { mode: 'bad' }, { count: 0 }])
      expect((await setFaults(change)).status).toBe(400);
    expect(await (await fetch(`${ses.url}/_control/faults`)).json()).toEqual({
      mode: 'ok',
      count: null,
      sandbox: false,
      maxSendRate: 14,
      events: 'ok',
      eventDelayMs: 1_000,
    });
  });
});

describe('the account', () => {
  test('in the sandbox mails only verified recipients and the simulator', async () => {
    ses.faults.sandbox = true;
    expect(await failure(sendRaw(mail))).toMatchObject({
      name: 'MessageRejected',
      message: expect.stringMatching(
        /not verified.*US-EAST-1: bob@example.test, carla@example.test/,
      ) as unknown,
    });
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'Bob@example.test' }));
    await restart();
    ses.faults.sandbox = true;
    await sendRaw({ ...mail, to: ['bob@example.test'] });
    await restart();
    ses.faults.sandbox = true;
    await sendRaw({ ...mail, to: ['success@simulator.amazonses.com'] });
    expect(await client.send(new ListIdentitiesCommand({}))).toMatchObject({
      Identities: ['bob@example.test'],
    });
    const asked = new GetIdentityVerificationAttributesCommand({
      Identities: ['bob@example.test', 'eve@example.test'],
    });
    expect((await client.send(asked)).VerificationAttributes).toEqual({
      'bob@example.test': { VerificationStatus: 'Success' },
    });
  });

  test('in the sandbox sends one a second, and says so in its quota', async () => {
    ses.faults.sandbox = true;
    const simulator = { ...mail, to: ['success@simulator.amazonses.com'] };
    await sendRaw(simulator);
    expect(await failure(sendRaw(simulator))).toMatchObject({
      name: 'Throttling',
      message: 'Maximum sending rate exceeded.',
    });
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({
      Max24HourSend: 200,
      MaxSendRate: 1,
      SentLast24Hours: 1,
    });
  });

  test('in the sandbox stops at 200 recipients in 24 hours', async () => {
    ses.faults.maxSendRate = 1000;
    for (let send = 0; send < 4; send += 1)
      await sendRaw(mail, { Destinations: Array.from({ length: 50 }, (_, n) => `r${n}@example.test`) });
    ses.faults.sandbox = true;
    expect(await failure(sendRaw({ ...mail, to: ['success@simulator.amazonses.com'] }))).toMatchObject({
      name: 'Throttling',
      message: 'Daily message quota exceeded.',
    });
  });

  test('out of it is throttled above its rate, after a short burst', async () => {
    ses.faults.maxSendRate = 3;
    const one = { ...mail, to: ['bob@example.test'] };
    const send = () =>
      sendRaw(one).then(
        () => 'sent',
        (error: unknown) => (error as Error).name,
      );
    expect(await Promise.all(Array.from({ length: 6 }, send))).toEqual(Array<string>(6).fill('sent'));
    // So slow that the time these sends take allows none of them; one may use up what the burst left.
    ses.faults.maxSendRate = 0.001;
    const names = [await send(), await send(), await send()];
    expect(names.slice(1)).toEqual(['Throttling', 'Throttling']);
  });
});

describe('the inbox page', () => {
  test('lists mails newest first and escapes what they say', async () => {
    await sendRaw({ ...mail, subject: 'older' });
    const { MessageId } = await sendRaw({ ...mail, subject: '<script>alert(1)</script>' });
    const page = await (await fetch(`${ses.url}/?id=${MessageId}`)).text();
    expect(page).toContain('Local inbox: these mails never left this machine');
    expect(page.indexOf('&#60;script&#62;alert')).toBeLessThan(page.indexOf('older'));
    expect(page).not.toContain('<script>alert');
    expect(page).toContain(
      `<iframe title="The mail as HTML" src="/messages/${MessageId}.html" sandbox="allow-popups`,
    );
    expect(page).toContain('<a href="https://passalong.test/l/abc?a=1&#38;b=2" target="_blank"');
    expect(page).toContain('list-unsubscribe');
    expect(page).toContain('2 mails');
  });

  test('frames the HTML part without scripts, with links that open a tab', async () => {
    const { MessageId } = await sendRaw(mail);
    const framed = await fetch(`${ses.url}/messages/${MessageId}.html`);
    expect(framed.headers.get('content-security-policy')).toMatch(
      /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'/,
    );
    expect(await framed.text()).toContain('<head><base target="_blank">');
    expect((await fetch(`${ses.url}/messages/..%2f..%2fjournal.eml`)).status).toBe(404);
  });

  test('is refused under another host name', async () => {
    const asked = get(`${ses.url}/messages.json`, { headers: { host: 'evil.test' } });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(403);
    response.resume();
  });
});

describe('the process', () => {
  let script: string;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    script = await getBuilt('local/ses.js');
  });
  afterEach(() => child?.kill('SIGKILL'));

  test('keeps every mail that it answered through kill -9, and ends by itself with its parent', async () => {
    const first = await start(0);
    for (const n of [1, 2, 3]) await sendRaw({ ...mail, subject: `mail ${n}` }, {}, first.client);
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    const second = await start(0);
    const kept = (await (await fetch(`${second.url}/messages.json`)).json()) as { subject: string }[];
    expect(kept.map(({ subject }) => subject)).toEqual(['mail 1', 'mail 2', 'mail 3']);
    second.process.disconnect();
    expect(await once(second.process, 'exit')).toEqual([0, null]);
  });

  test('says in one line which variable moves it when its port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const process = spawnMain(port);
    let complaint = '';
    process.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    expect(await once(process, 'close')).toEqual([1, null]);
    expect(complaint).toBe(`Port ${port} is taken. Free it, or set INBOX_PORT to another one.\n`);
    holder.close();
  });

  test('ends with SIGTERM', async () => {
    const { process } = await start(0);
    process.kill('SIGTERM');
    expect(await once(process, 'exit')).toEqual([0, null]);
  });

  function spawnMain(port: number): ChildProcess {
    child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        LOCAL_SES_PORT: String(port),
        LOCAL_SES_DATA_DIR: dataDir,
        LOCAL_SES_ACCESS_KEY_ID: credentials.accessKeyId,
        LOCAL_SES_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    });
    return child;
  }

  async function start(port: number) {
    const process = spawnMain(port);
    const [line] = (await once(createInterface({ input: process.stdout ?? stdin }), 'line')) as [string];
    const url = line.replace('ready ', '');
    return {
      process,
      url,
      client: new SESClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 }),
    };
  }
});

async function restart(): Promise<void> {
  client.destroy();
  await ses.close();
  await open();
}

async function open(): Promise<void> {
  ses = await startSes({ dataDir, port: 0, credentials });
  client = new SESClient({ endpoint: ses.url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

async function sendRaw(
  message: Partial<Omit<typeof mail, 'headers'>> & { cc?: string; headers?: Record<string, string> },
  request: Partial<SendRawEmailCommandInput> = {},
  through = client,
) {
  const Data = await new MailComposer(message).compile().build();
  return through.send(new SendRawEmailCommand({ RawMessage: { Data }, ...request }));
}

function setFaults(change: object): Promise<Response> {
  return fetch(`${ses.url}/_control/faults`, { method: 'PUT', body: JSON.stringify(change) });
}

function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error('It was accepted.')),
    (error: unknown) => error as Error,
  );
}
