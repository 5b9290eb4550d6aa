import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { signRequest } from '../../local/slack/signed-http.js';
import {
  ADA,
  EDSGER,
  GENERAL,
  GLOBEX,
  PREVIOUS_SECRET,
  SIGNING_SECRET,
  SlackBotRig,
  startInstall,
  TEAM,
} from './slack-rig.js';

const GLOBEX_GENERAL = 'C0GLOBEX01';

let rig: SlackBotRig;

beforeAll(async () => {
  rig = await SlackBotRig.prepare('HTTP');
  await rig.startBot();
});

afterAll(() => rig.stop());

beforeEach(async () => {
  for (const table of ['installation', 'chatIdentity', 'slackFileSeen', 'shareDraft'] as const)
    await (rig.db[table] as { deleteMany: () => Promise<unknown> }).deleteMany();
  [rig.log.lines.length, rig.queue.jobs.length] = [0, 0];
});

const commandBody = (changes: Record<string, string> = {}) =>
  new URLSearchParams({
    ...{ token: 't', api_app_id: 'A1', team_id: TEAM, team_domain: 'acme', channel_id: GENERAL },
    ...{ channel_name: 'general', user_id: ADA, user_name: 'ada', command: '/share', text: 'help' },
    ...{ response_url: `${rig.slack.url}/responses/none`, trigger_id: randomBytes(8).toString('hex') },
    ...changes,
  }).toString();

function send(body: string, { secret = SIGNING_SECRET, skewSec = 0, headers = {} } = {}): Promise<Response> {
  const signed = signRequest(secret, body, Math.floor(Date.now() / 1000) + skewSec);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetch(`${rig.botUrl}/slack/events`, {
    method: 'POST',
    body,
    headers: { ...type, ...signed, ...headers },
  });
}

describe('installing', () => {
  test('in two workspaces: each is answered with its own token, which the database holds encrypted', async () => {
    expect(await rig.install(ADA)).toContain('Passalong is installed in Acme');
    expect(await rig.install(EDSGER)).toContain('Passalong is installed in Globex');
    const rows = await rig.db.installation.findMany({ orderBy: { workspaceId: 'asc' } });
    expect(rows).toMatchObject([
      { workspaceId: TEAM, name: 'Acme', installedBy: ADA, isOrganisation: false },
      { workspaceId: GLOBEX, name: 'Globex', installedBy: EDSGER },
    ]);
    expect(JSON.stringify(rows)).not.toContain('xox');
    for (const [userId, id] of [
      [ADA, TEAM],
      [EDSGER, GLOBEX],
    ] as const) {
      const address = { userId, teamId: id, workspaceId: id };
      expect(await rig.platform.message(address, { lines: ['hello'], buttons: [] })).toBe(true);
    }
    const foreign = { userId: ADA, teamId: GLOBEX, workspaceId: GLOBEX };
    expect(await rig.platform.message(foreign, { lines: ['hello'], buttons: [] })).toBe(false);
  });

  test('needs the browser that began it, once, and its own state', async () => {
    const { url, cookie } = await startInstall(rig.botUrl);
    const next = rig.slack.control.authorize({ userId: ADA, url });
    expect((await fetch(next)).status).toBe(400);
    const { url: otherUrl } = await startInstall(rig.botUrl);
    const other = rig.slack.control.authorize({ userId: ADA, url: otherUrl });
    expect((await fetch(other, { headers: { cookie } })).status).toBe(400);

    const forged = new URL(next);
    const state = `${Date.now() + 60_000}.x.y`;
    forged.searchParams.set('state', state);
    const made = await fetch(forged, { headers: { cookie: `slack-app-oauth-state=${state}` } });
    expect(made.status).toBe(400);
    expect(await rig.db.installation.count()).toBe(0);

    expect((await fetch(next, { headers: { cookie } })).status).toBe(200);
    expect((await fetch(next, { headers: { cookie } })).status).toBe(400);
  });

  test('that is cancelled says so, with a way to begin again', async () => {
    const { url, cookie } = await startInstall(rig.botUrl);
    const next = rig.slack.control.authorize({ userId: ADA, url, isCancelled: true });
    const page = await (await fetch(next, { headers: { cookie } })).text();
    expect(page).toContain('Passalong was not installed');
    expect(page).toContain('href="/slack/install"');
  });
});

test('a share goes all its way in a workspace that installed the app: file, command, card, Send', async () => {
  await rig.install(EDSGER);
  const { id: accountId } = await rig.connect(EDSGER, GLOBEX);
  await rig.post(EDSGER, 'plan.txt', GLOBEX_GENERAL);
  const command = rig.share('bob@example.com', EDSGER, GLOBEX_GENERAL);
  await rig.says(command, 'plan.txt');
  rig.press(command, 'send-draft');
  const share = await rig.until(() =>
    rig.db.share.findFirst({ where: { accountId }, include: { attachments: true } }),
  );
  expect(share.attachments[0]?.source).toMatchObject({ teamId: GLOBEX, workspaceId: GLOBEX });
  await rig.form(rig.share('', EDSGER, GLOBEX_GENERAL));
});

describe('a request', () => {
  test.each([
    ['signed by another', { secret: 'another-secret-altogether' }, 401],
    ['of more than five minutes ago', { skewSec: -301 }, 401],
    ['dated more than five minutes ahead', { skewSec: 302 }, 401],
    ['of a moment ago', { skewSec: -290 }, 200],
    ['signed with the secret that is being replaced', { secret: PREVIOUS_SECRET }, 200],
    ['whose signature is missing', { headers: { 'x-slack-signature': '' } }, 401],
    ['whose time is no number', { headers: { 'x-slack-request-timestamp': 'now' } }, 401],
  ])('%s: %s → %d', async (_, how, status) => {
    expect((await send(commandBody(), how)).status).toBe(status);
  });

  test('that was changed, is huge or goes elsewhere is refused', async () => {
    const body = commandBody();
    const signed = signRequest(SIGNING_SECRET, body, Math.floor(Date.now() / 1000));
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...signed };
    const changed = { method: 'POST', body: `${body}&text=x`, headers };
    expect((await fetch(`${rig.botUrl}/slack/events`, changed)).status).toBe(401);
    expect((await send(`text=${'x'.repeat(600_000)}`).catch(() => ({ status: 401 }))).status).toBe(401);
    expect((await fetch(`${rig.botUrl}/slack/events`)).status).toBe(404);
    expect((await fetch(`${rig.botUrl}/`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${rig.botUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${rig.botUrl}/readyz`)).status).toBe(200);
  });

  test('that comes fifty times at once makes one share (B6)', async () => {
    await rig.install(ADA);
    const { id: accountId } = await rig.connect(ADA);
    await changeChatSettings(rig.deps, accountId, { confirmsShares: false });
    await rig.post(ADA, 'plan.txt');
    const body = commandBody({ text: 'bob@example.com' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(body)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await rig.until(
      async () => rig.log.lines.filter(({ message }) => message.includes('not obeyed again')).length === 49,
    );
    await rig.until(async () => rig.queue.jobs.length);
    expect(rig.queue.jobs).toHaveLength(1);
    expect(await rig.db.share.count({ where: { accountId } })).toBe(1);
  });

  test('of a workspace without an installation is acknowledged, and harms nothing', async () => {
    const strange = commandBody({ team_id: 'T0NOBODY01', text: '' });
    expect((await send(strange)).status).toBe(200);
    await rig.until(async () => rig.log.lines.some(({ message }) => message === 'answer not shown in Slack'));
  });
});

describe('uninstalling (B17)', () => {
  test.each(['uninstalled-first', 'revoked-first'] as const)('%s forgets the workspace', async (order) => {
    await rig.install(ADA);
    await rig.install(EDSGER);
    await rig.connect(ADA, TEAM);
    const before = rig.slack.control.state().events.length;
    rig.slack.control.uninstall({ teamId: TEAM, order });
    await rig.until(async () => (await rig.db.installation.count()) === 1);
    const told = () => rig.slack.control.state().events.slice(before);
    await rig.until(async () => told().filter(({ acknowledged }) => acknowledged).length === 2);
    expect(await rig.db.chatIdentity.count()).toBe(0);
    expect((await rig.db.installation.findFirstOrThrow()).workspaceId).toBe(GLOBEX);
    await rig.install(ADA);
    expect(await rig.db.installation.count()).toBe(2);
  });
});

test('a token that ends soon is renewed once, while many people ask', async () => {
  await rig.install(ADA);
  const installation = rig.slack.control
    .installations()
    .find((each) => !each.isRevoked && each.teamId === TEAM);
  const before = installation?.botTokens.length ?? 0;
  await rig.db.installation.updateMany({ data: { tokenExpiresAt: new Date(Date.now() + 60_000) } });
  const address = { userId: ADA, teamId: TEAM, workspaceId: TEAM };
  const told = Array.from({ length: 8 }, () =>
    rig.platform.message(address, { lines: ['hello'], buttons: [] }),
  );
  expect(await Promise.all(told)).toEqual(Array.from({ length: 8 }, () => true));
  expect(installation?.botTokens).toHaveLength(before + 1);
});
