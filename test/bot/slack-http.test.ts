import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSlackFiles } from '../../adapters/slack-files.js';
import { createSlackOAuth } from '../../adapters/slack-oauth.js';
import type { ChatPlatform } from '../../bot/chat.js';
import { startSlackPlatform } from '../../bot/slack/start-slack-platform.js';
import type { SlackSettings } from '../../core/config.js';
import { createSlackTokens } from '../../core/identities/installations.js';
import { TEAM } from '../../local/slack/people.js';
import { signRequest } from '../../local/slack/signed-http.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, linkSecrets, timings } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { findFreePorts } from '../../local/start/ports.js';

const [ADA, EDSGER] = ['U0ADA00001', 'U0EDSGER01'];
const [GENERAL, GLOBEX_GENERAL] = ['C0GENERAL1', 'C0GLOBEX01'];
const GLOBEX = { id: 'T0GLOBEX01' };
const SECRET = 'signing-secret-of-the-app';
const PREVIOUS = 'signing-secret-before-that';

let database: OpenTestDatabase;
let dataDir: string;
let slack: LocalSlack;
let bot: ChatPlatform;
let botUrl: string;
let queue: ReturnType<typeof fakeQueue>;
let log: ReturnType<typeof fakeLog>;

beforeEach(async () => {
  database = await openTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'slack-http-'));
  [queue, log] = [fakeQueue(), fakeLog()];
  const [port = 0] = await findFreePorts(1);
  botUrl = `http://127.0.0.1:${port}`;
  slack = await startSlack({
    ...{ port: 0, dataDir, requestUrl: `${botUrl}/slack/events`, signingSecret: SECRET },
    oauth: {
      ...{ clientId: '1.2', clientSecret: 'client-secret', tokenRotation: true },
      redirectUrls: [`${botUrl}/slack/oauth_redirect`],
    },
  });
  bot = await startBot(port);
});

afterEach(async () => {
  await bot.stop();
  await slack.close();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

function startBot(port: number): Promise<ChatPlatform> {
  const settings: SlackSettings = {
    apiUrl: `${slack.url}/api/`,
    fileHosts: [new URL(slack.url).host],
    access: {
      ...{ kind: 'http', clientId: '1.2', clientSecret: 'client-secret', publicUrl: botUrl },
      signingSecrets: [SECRET, PREVIOUS],
      tokenKeys: [randomBytes(32)],
    },
  };
  const { db } = database;
  const tokens = createSlackTokens({ db, log }, settings.access, createSlackOAuth(settings));
  const slackFiles = createSlackFiles(settings, tokens);
  const product = { db, log, queue, limits, linkSecrets, timings, marks: fakeMarks() };
  return startSlackPlatform({ ...product, portalUrl: 'https://portal.test', slackFiles }, settings, tokens, {
    ...{ host: '127.0.0.1', port, drainMs: 0 },
  });
}

/** What a browser gets from the bot: Slack's address, and the cookie that binds the state to it. */
async function startInstall(): Promise<{ url: string; cookie: string }> {
  const response = await fetch(`${botUrl}/slack/install`, { redirect: 'manual' });
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { url: response.headers.get('location') ?? '', cookie };
}

async function install(userId: string): Promise<string> {
  const { url, cookie } = await startInstall();
  const done = await fetch(slack.control.authorize({ userId, url }), { headers: { cookie } });
  expect(done.status).toBe(200);
  return done.text();
}

async function connect(userId: string, workspaceId: string, confirmsShares = true) {
  const account = await createAccount(database.db);
  await database.db.account.update({ where: { id: account.id }, data: { confirmsShares } });
  const who = { platform: 'SLACK', workspaceId, userId, userName: '@x', workspaceName: 'x' } as const;
  await database.db.chatIdentity.create({ data: { accountId: account.id, ...who } });
  return account;
}

const commandBody = (changes: Record<string, string> = {}) =>
  new URLSearchParams({
    ...{ token: 't', api_app_id: 'A1', team_id: TEAM.id, team_domain: 'acme', channel_id: GENERAL },
    ...{ channel_name: 'general', user_id: ADA, user_name: 'ada', command: '/share', text: 'help' },
    ...{ response_url: `${slack.url}/responses/none`, trigger_id: randomBytes(8).toString('hex') },
    ...changes,
  }).toString();

function send(body: string, { secret = SECRET, skewSec = 0, headers = {} } = {}): Promise<Response> {
  const signed = signRequest(secret, body, Math.floor(Date.now() / 1000) + skewSec);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetch(`${botUrl}/slack/events`, {
    method: 'POST',
    body,
    headers: { ...type, ...signed, ...headers },
  });
}

async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<Awaited<T>>> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`not seen: ${String(look)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('installing', () => {
  test('in two workspaces: each is answered with its own token, which the database holds encrypted', async () => {
    expect(await install(ADA)).toContain('Passalong is installed in Acme');
    expect(await install(EDSGER)).toContain('Passalong is installed in Globex');
    const rows = await database.db.installation.findMany({ orderBy: { workspaceId: 'asc' } });
    expect(rows).toMatchObject([
      { workspaceId: TEAM.id, name: 'Acme', installedBy: ADA, isOrganisation: false },
      { workspaceId: GLOBEX.id, name: 'Globex', installedBy: EDSGER },
    ]);
    expect(JSON.stringify(rows)).not.toContain('xox');
    for (const [userId, { id }] of [
      [ADA, TEAM],
      [EDSGER, GLOBEX],
    ] as const) {
      const address = { userId, teamId: id, workspaceId: id };
      expect(await bot.message(address, { lines: ['hello'], buttons: [] })).toBe(true);
    }
    const foreign = { userId: ADA, teamId: GLOBEX.id, workspaceId: GLOBEX.id };
    expect(await bot.message(foreign, { lines: ['hello'], buttons: [] })).toBe(false);
  });

  test('needs the browser that began it, once, and its own state', async () => {
    const { url, cookie } = await startInstall();
    const next = slack.control.authorize({ userId: ADA, url });
    expect((await fetch(next)).status).toBe(400);
    const { url: otherUrl } = await startInstall();
    const other = slack.control.authorize({ userId: ADA, url: otherUrl });
    expect((await fetch(other, { headers: { cookie } })).status).toBe(400);

    const forged = new URL(next);
    const state = `${Date.now() + 60_000}.x.y`;
    forged.searchParams.set('state', state);
    const made = await fetch(forged, { headers: { cookie: `slack-app-oauth-state=${state}` } });
    expect(made.status).toBe(400);
    expect(await database.db.installation.count()).toBe(0);

    expect((await fetch(next, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(next, { headers: { cookie } })).status).toBe(400);
  });

  test('that is cancelled says so, with a way to begin again', async () => {
    const { url, cookie } = await startInstall();
    const next = slack.control.authorize({ userId: ADA, url, isCancelled: true });
    const page = await (await fetch(next, { headers: { cookie } })).text();
    expect(page).toContain('Passalong was not installed');
    expect(page).toContain('href="/slack/install"');
  });
});

test('a share goes all its way over HTTP: file, command, card, Send', async () => {
  await install(EDSGER);
  await connect(EDSGER, GLOBEX.id);
  const upload = { userId: EDSGER, channelId: GLOBEX_GENERAL, name: 'plan.txt', mimetype: 'text/plain' };
  await slack.control.uploadFile({ ...upload, source: Buffer.from('some bytes') });
  await until(() => database.db.slackFileSeen.count());
  const { id } = slack.control.runCommand({
    ...{ userId: EDSGER, channelId: GLOBEX_GENERAL, command: '/share', text: 'bob@example.com' },
  });
  const says = () => JSON.stringify(slack.control.interaction(id).current?.blocks ?? '');
  await until(() => says().includes('plan.txt'));
  slack.control.pressButton({ userId: EDSGER, interactionId: id, actionId: 'send-draft' });
  const share = await until(() => database.db.share.findFirst({ include: { attachments: true } }));
  expect(share.attachments[0]?.source).toMatchObject({ teamId: GLOBEX.id, workspaceId: GLOBEX.id });
  const form = slack.control.runCommand({
    ...{ userId: EDSGER, channelId: GLOBEX_GENERAL, command: '/share', text: '' },
  });
  await until(() => slack.control.interaction(form.id).viewIds[0]);
});

describe('a request', () => {
  test.each([
    ['signed by another', { secret: 'another-secret-altogether' }, 401],
    ['of more than five minutes ago', { skewSec: -301 }, 401],
    ['dated more than five minutes ahead', { skewSec: 302 }, 401],
    ['of a moment ago', { skewSec: -290 }, 200],
    ['signed with the secret that is being replaced', { secret: PREVIOUS }, 200],
    ['whose signature is missing', { headers: { 'x-slack-signature': '' } }, 401],
    ['whose time is no number', { headers: { 'x-slack-request-timestamp': 'now' } }, 401],
  ])('%s: %s → %d', async (_, how, status) => {
    expect((await send(commandBody(), how)).status).toBe(status);
  });

  test('that was changed, is huge or goes elsewhere is refused', async () => {
    const body = commandBody();
    const signed = signRequest(SECRET, body, Math.floor(Date.now() / 1000));
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...signed };
    const changed = { method: 'POST', body: `${body}&text=x`, headers };
    expect((await fetch(`${botUrl}/slack/events`, changed)).status).toBe(401);
    expect((await send(`text=${'x'.repeat(600_000)}`).catch(() => ({ status: 401 }))).status).toBe(401);
    expect((await fetch(`${botUrl}/slack/events`)).status).toBe(404);
    expect((await fetch(`${botUrl}/`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${botUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${botUrl}/readyz`)).status).toBe(200);
  });

  test('that comes fifty times at once makes one share (B6)', async () => {
    await install(ADA);
    await connect(ADA, TEAM.id, false);
    const upload = { userId: ADA, channelId: GENERAL, name: 'plan.txt', mimetype: 'text/plain' };
    await slack.control.uploadFile({ ...upload, source: Buffer.from('some bytes') });
    await until(() => database.db.slackFileSeen.count());
    const body = commandBody({ text: 'bob@example.com' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await until(() => database.db.share.count());
    await until(() => log.lines.filter(({ message }) => message.includes('not obeyed again')).length === 49);
    expect(await database.db.share.count()).toBe(1);
    expect(queue.jobs).toHaveLength(1);
  });

  test('of a workspace without an installation is acknowledged, and harms nothing', async () => {
    const strange = commandBody({ team_id: 'T0NOBODY01', text: '' });
    expect((await send(strange)).status).toBe(200);
    await until(() => log.lines.some(({ message }) => message === 'answer not shown in Slack'));
  });
});

describe('uninstalling (B17)', () => {
  test.each(['uninstalled-first', 'revoked-first'] as const)('%s forgets the workspace', async (order) => {
    await install(ADA);
    await install(EDSGER);
    await connect(ADA, TEAM.id);
    slack.control.uninstall({ teamId: TEAM.id, order });
    await until(async () => (await database.db.installation.count()) === 1);
    await until(() => slack.control.state().events.filter(({ acknowledged }) => acknowledged).length === 2);
    expect(await database.db.chatIdentity.count()).toBe(0);
    expect((await database.db.installation.findFirstOrThrow()).workspaceId).toBe(GLOBEX.id);
    await install(ADA);
    expect(await database.db.installation.count()).toBe(2);
  });
});

test('where the app lost its installation, the answer says where to install it (M14)', async () => {
  await install(ADA);
  await database.db.installation.deleteMany();
  const { id } = slack.control.runCommand({ userId: ADA, channelId: GENERAL, command: '/share', text: '' });
  const says = () => JSON.stringify(slack.control.interaction(id).current?.blocks ?? '');
  await until(() => says().includes(`Ask an admin of this workspace: ${botUrl}/slack/install`));
});

test('a token that ends soon is renewed once, while many people ask', async () => {
  await install(ADA);
  await database.db.installation.updateMany({ data: { tokenExpiresAt: new Date(Date.now() + 60_000) } });
  const address = { userId: ADA, teamId: TEAM.id, workspaceId: TEAM.id };
  const told = Array.from({ length: 8 }, () => bot.message(address, { lines: ['hello'], buttons: [] }));
  expect(await Promise.all(told)).toEqual(Array.from({ length: 8 }, () => true));
  const [installation] = slack.control.installations();
  expect(installation?.botTokens).toHaveLength(2);
});

test('a command is acknowledged while Slack does not answer, and the bot outlives it (B1)', async () => {
  await install(ADA);
  slack.faults.webApiDown = true;
  const { id } = slack.control.runCommand({ userId: ADA, channelId: GENERAL, command: '/share', text: '' });
  await until(() => slack.control.interaction(id).acknowledged);
  await until(() =>
    JSON.stringify(slack.control.interaction(id).current?.blocks ?? '').includes(
      'does not work at the moment',
    ),
  );
  slack.faults.webApiDown = false;
  const again = slack.control.runCommand({ userId: ADA, channelId: GENERAL, command: '/share', text: '' });
  await until(() => slack.control.interaction(again.id).viewIds[0]);
});
