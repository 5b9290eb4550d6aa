import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemberHealth } from '../../adapters/member-health.js';
import { createS3Member } from '../../adapters/s3-member.js';
import { createS3ReadyMarks } from '../../adapters/s3-ready-marks.js';
import { confirmAddress } from '../../core/accounts/confirm-address.js';
import { registerAccount } from '../../core/accounts/register.js';
import { requestReset, resetPassword } from '../../core/accounts/reset-password.js';
import { openLink } from '../../core/links/open-link.js';
import { markReady } from '../../core/shares/mark-ready.js';
import { reconcile } from '../../core/shares/reconcile.js';
import { revokeShare } from '../../core/shares/revoke-share.js';
import { startLambda, type Lambda } from '../../local/lambda/start-lambda.js';
import type { SesMessage } from '../../local/ses/journal.js';
import { startSes, type Ses } from '../../local/ses/start-ses.js';
import { credentials, startTestS3, type TestS3 } from '../local/s3-support.js';
import { createAccount } from '../support/accounts.js';
import {
  fakeFiles,
  fakeLog,
  fakePasswords,
  fakeQueue,
  fakeRates,
  linkSecrets,
  timings,
} from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { readyShare } from '../support/shares.js';
import { startSecrets, type Secrets } from '../support/start-secrets.js';

const password = 'violet tractor jumps';

let database: OpenTestDatabase;
let dataDir: string;
let ses: Ses;
let lambda: Lambda;
let s3: TestS3;
let secrets: Secrets;
let accountId: string;

beforeAll(async () => {
  const zipPath = await getBuilt('lambda/on-ready.zip');
  database = await openTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'on-ready-'));
  ses = await startSes({ dataDir: path.join(dataDir, 'ses'), port: 0, credentials });
  ses.faults.maxSendRate = 1_000;
  const onReady = (databaseUrl: string) => ({
    zipPath,
    handler: 'index.handler',
    timeoutMs: 60_000,
    concurrency: 2,
    env: {
      NODE_ENV: 'test',
      LOG_LEVEL: 'error',
      DATABASE_URL: databaseUrl,
      SES_ENDPOINT: ses.url,
      SES_FROM: 'no-reply@portal.test',
      SES_MAX_SEND_RATE: '1000',
      PORTAL_URL: 'https://portal.test',
      LINK_SECRET: linkSecrets[0],
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
  secrets = await startSecrets({ LINK_SECRET: linkSecrets[0] });
  const withSecret = (settings: ReturnType<typeof onReady>) => {
    const { LINK_SECRET: _, ...env } = settings.env;
    const secret = { SECRET_IDS: 'arn:aws:secretsmanager:us-east-1:1:secret:links', ...secrets.env };
    return { ...settings, env: { ...env, ...secret } };
  };
  lambda = await startLambda({
    dataDir: path.join(dataDir, 'lambda'),
    port: 0,
    functions: {
      'on-ready': onReady(database.connectionString),
      'without-database': onReady('postgresql://127.0.0.1:1/none'),
      'with-secret': withSecret(onReady(database.connectionString)),
    },
    retryDelaysMs: [100, 200],
  });
  s3 = await startTestS3({ eventTarget: { url: invokeUrl('on-ready'), suffix: '/ready' } });
});

afterAll(async () => {
  await s3.remove();
  await lambda.close();
  await secrets.close();
  await ses.close();
  await database.release();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  s3.faults.events = 'ok';
  Object.assign(ses.faults, { mode: 'ok', count: null });
});

const deps = () => ({
  db: database.db,
  marks: createS3ReadyMarks([createS3Member(s3.client, 'files')], createMemberHealth(fakeLog())),
  files: fakeFiles(),
  queue: fakeQueue(),
  log: fakeLog(),
  passwords: fakePasswords(),
  rates: fakeRates(),
  timings,
  linkSecrets,
});

function invokeUrl(name: string): string {
  return `${lambda.url}/2015-03-31/functions/${name}/invocations`;
}

/** Hands the function an event as S3 does, or waits for its answer. */
function invoke(name: string, keys: string[], type: 'Event' | 'RequestResponse'): Promise<Response> {
  const body = JSON.stringify({ Records: keys.map((key) => ({ s3: { object: { key } } })) });
  return fetch(invokeUrl(name), { method: 'POST', headers: { 'x-amz-invocation-type': type }, body });
}

const mailsOf = async (shareId: string): Promise<SesMessage[]> =>
  (await ses.messages()).filter(({ tags }) => tags['share-id'] === shareId);

const states = async (shareId: string): Promise<string[]> =>
  (await database.db.delivery.findMany({ where: { shareId } })).map(({ state }) => state);

const areAll = (state: string, shareId: string) => async () =>
  (await states(shareId)).every((each) => each === state);

describe('a ready mark', () => {
  test('is mailed with links that are signed by the secret of Secrets Manager, where one is named', async () => {
    const shareId = await readyShare(database.db, accountId);
    const answer = await invoke('with-secret', [`shares/${shareId}/ready`], 'RequestResponse');
    expect(answer.headers.get('x-amz-function-error')).toBeNull();
    const [mail] = await mailsOf(shareId);
    const [, token = ''] = /\/l\/([\w.-]+)/.exec(mail?.text ?? '') ?? [];
    expect(await openLink(deps(), token)).toMatchObject({ state: 'open', shareId });
    expect(JSON.parse(secrets.asked[0]?.body ?? '')).toEqual({
      SecretId: 'arn:aws:secretsmanager:us-east-1:1:secret:links',
    });
  });

  test('has each recipient mailed once, with a link that opens the share for that recipient', async () => {
    const shareId = await readyShare(database.db, accountId, {
      emails: ['bob@x.org carla@x.org'],
      message: 'Here',
    });
    await markReady(deps(), shareId);
    await until(areAll('SENT', shareId));
    const mails = await mailsOf(shareId);
    expect(mails.flatMap(({ destinations }) => destinations).sort()).toEqual(['bob@x.org', 'carla@x.org']);
    const recipients = await database.db.recipient.findMany({ where: { shareId } });
    for (const { to, text, html, subject, links } of mails) {
      expect(subject).toBe('Ann Lee sent you plan.pdf');
      expect(text).toContain('> Here');
      expect(html).toContain('plan.pdf');
      const token = links.map((link) => /\/l\/([\w.-]+)$/.exec(link)?.[1]).find(Boolean) ?? '';
      const opened = await openLink(deps(), token);
      const own = recipients.find(({ email }) => email === to);
      expect(opened).toMatchObject({ state: 'open', shareId, recipientId: own?.id });
    }
    const deliveries = await database.db.delivery.findMany({ where: { shareId } });
    expect(deliveries.map(({ messageId }) => messageId).sort()).toEqual(mails.map(({ id }) => id).sort());
  });

  test('whose event comes ten times and more has each recipient mailed once', async () => {
    const shareId = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org 3@x.org'] });
    s3.faults.events = 'duplicate';
    const key = `shares/${shareId}/ready`;
    const events = Array.from({ length: 10 }, () => invoke('on-ready', [key, key], 'Event'));
    await Promise.all([markReady(deps(), shareId), ...events]);
    await until(areAll('SENT', shareId));
    await untilIdle();
    expect((await mailsOf(shareId)).map(({ to }) => to).sort()).toEqual(['1@x.org', '2@x.org', '3@x.org']);
  });

  test('whose event is lost is written again by the reconciler, and then has them mailed', async () => {
    const shareId = await readyShare(database.db, accountId);
    s3.faults.events = 'drop';
    await markReady(deps(), shareId);
    await reconcile(deps());
    expect(await mailsOf(shareId)).toEqual([]);
    s3.faults.events = 'ok';
    await database.db
      .$executeRaw`UPDATE share SET marked_at = now() - interval '3 minutes' WHERE id = ${shareId}::uuid`;
    await reconcile(deps());
    await until(areAll('SENT', shareId));
    expect(await mailsOf(shareId)).toHaveLength(1);
  });

  test('whose share was revoked meanwhile has nobody mailed', async () => {
    const shareId = await readyShare(database.db, accountId);
    await revokeShare(deps(), accountId, shareId);
    await invoke('on-ready', [`shares/${shareId}/ready`], 'RequestResponse');
    expect(await mailsOf(shareId)).toEqual([]);
    expect(await states(shareId)).toEqual(['CANCELLED']);
  });
});

describe('what SES answers', () => {
  test.each([
    ['throttle', 'PENDING', 0],
    ['4xx', 'FAILED', 0],
    ['5xx', 'UNCONFIRMED', 0],
    ['accept-then-reset', 'UNCONFIRMED', 1],
  ] as const)('%s leaves the mail %s, and the event is not tried again', async (mode, state, accepted) => {
    const shareId = await readyShare(database.db, accountId);
    ses.faults.mode = mode;
    const response = await invoke('on-ready', [`shares/${shareId}/ready`], 'RequestResponse');
    expect(response.headers.get('x-amz-function-error')).toBeNull();
    ses.faults.mode = 'ok';
    await invoke('on-ready', [`shares/${shareId}/ready`], 'RequestResponse');
    expect(await states(shareId)).toEqual([state]);
    expect(await mailsOf(shareId)).toHaveLength(accepted);
  });
});

describe('an account mail', () => {
  const latestToken = async (to: string, page: string): Promise<string> => {
    const mails = (await ses.messages()).filter((mail) => mail.to === to);
    const links = mails
      .flatMap((mail) => mail.links)
      .filter((link) => link.startsWith(`https://portal.test/${page}/`));
    return links.at(-1)?.split('/').at(-1) ?? '';
  };

  test('confirms an address, and then resets a password, with the links that were mailed', async () => {
    const email = `${accountId}@new.example`;
    await registerAccount(deps(), { firstName: 'Ann', lastName: 'Lee', email, password });
    await until(async () => (await latestToken(email, 'confirm')) !== '');
    await confirmAddress(deps(), await latestToken(email, 'confirm'), password);
    await requestReset(deps(), email);
    await until(async () => (await latestToken(email, 'reset')) !== '');
    await resetPassword(deps(), await latestToken(email, 'reset'), 'another tractor jumps');
    const account = await database.db.account.findFirst({ where: { email } });
    expect(account).toMatchObject({
      confirmedAt: expect.any(Date) as Date,
      passwordHash: 'clear:another tractor jumps',
    });
  });

  test('leaves once, however often its event comes', async () => {
    const email = `${accountId}@twice.example`;
    s3.faults.events = 'duplicate';
    await registerAccount(deps(), { firstName: 'Ann', lastName: 'Lee', email, password });
    await until(async () => (await latestToken(email, 'confirm')) !== '');
    const { id } = await database.db.delivery.findFirstOrThrow({ where: { email } });
    for (let count = 0; count < 3; count += 1)
      await invoke('on-ready', [`mails/${id}/ready`], 'RequestResponse');
    expect((await ses.messages()).filter((mail) => mail.to === email)).toHaveLength(1);
  });
});

test('a key that is no ready mark, or one of nothing, does no harm', async () => {
  const keys = ['shares/x/ready', 'mails/../ready', `shares/${accountId}/ready`, 'a%20b+c', ''];
  const response = await invoke('on-ready', keys, 'RequestResponse');
  expect(response.headers.get('x-amz-function-error')).toBeNull();
  expect(
    (await fetch(invokeUrl('on-ready'), { method: 'POST', body: '{}' })).headers.get('x-amz-function-error'),
  ).toBeNull();
});

test('while the database is down an event is tried three times and then kept as a dead letter', async () => {
  const shareId = await readyShare(database.db, accountId);
  await invoke('without-database', [`shares/${shareId}/ready`], 'Event');
  const folder = path.join(dataDir, 'lambda/dead-letters');
  const letters = async () => (await readdir(folder)).filter((file) => file.endsWith('.json'));
  await until(async () => (await letters()).length === 1);
  const [name = ''] = await letters();
  const letter = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as object;
  expect(letter).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload: { Records: [{ s3: { object: { key: `shares/${shareId}/ready` } } }] },
  });
  // The row is as it was: the reconciler's next mark has it mailed.
  expect(await states(shareId)).toEqual(['PENDING']);
});

/** Until every event that was accepted has been worked off. */
async function untilIdle(): Promise<void> {
  await until(async () => (await readdir(path.join(dataDir, 'lambda/events'))).length === 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('waited 10 s in vain');
}
