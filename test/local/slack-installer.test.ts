import { App, HTTPReceiver, LogLevel, type Installation, type InstallationQuery } from '@slack/bolt';
import { afterEach, beforeEach, expect, test } from 'vitest';

import {
  ACME_TEAM,
  ADA,
  EDSGER,
  GENERAL,
  GLOBEX_GENERAL,
  GLOBEX_TEAM,
  OAUTH,
  SlackRig,
} from './slack-rig.js';
import { findFreePorts } from '../../local/start/ports.js';

const signingSecret = 'secret';
const logLevel = LogLevel.ERROR;

let rig: SlackRig;
let app: App;
let appUrl: string;
let stored: Map<string, Installation>;
let gone: string[];

beforeEach(async () => {
  const [port = 0] = await findFreePorts(1);
  appUrl = `http://127.0.0.1:${port}`;
  const redirectUri = `${appUrl}/slack/oauth_redirect`;
  const oauth = { ...OAUTH, redirectUrls: [redirectUri], tokenRotation: true };
  rig = await SlackRig.start({ oauth, requestUrl: `${appUrl}/slack/events`, signingSecret });
  stored = new Map();
  gone = [];
  const clientOptions = { slackApiUrl: `${rig.slack.url}/api/` };
  const receiver = new HTTPReceiver({
    ...{ signingSecret, logLevel, redirectUri, stateSecret: 'state' },
    ...{ clientId: OAUTH.clientId, clientSecret: OAUTH.clientSecret },
    scopes: ['commands', 'chat:write', 'files:read'],
    installationStore: {
      storeInstallation: (installation) => {
        stored.set(installation.team?.id ?? '', structuredClone(installation));
        return Promise.resolve();
      },
      fetchInstallation: ({ teamId = '' }: InstallationQuery<boolean>) => {
        const found = stored.get(teamId);
        if (!found) throw new Error(`nothing stored for ${teamId}`);
        return Promise.resolve(structuredClone(found));
      },
    },
    installerOptions: {
      ...{ clientOptions, directInstall: true, redirectUriPath: '/slack/oauth_redirect' },
      authorizationUrl: `${rig.slack.url}/oauth/v2/authorize`,
    },
  });
  app = new App({ receiver, clientOptions, convoStore: false, logLevel });
  app.command('/share', async ({ ack, client, context, command }) => {
    await ack();
    await client.chat.postMessage({ channel: command.user_id, text: String(context.botToken) });
  });
  for (const type of ['app_uninstalled', 'tokens_revoked'] as const)
    app.event(type, ({ context }) => {
      gone.push(`${type} ${context.teamId}`);
      return Promise.resolve();
    });
  await app.start({ port, host: '127.0.0.1' });
});

afterEach(async () => {
  await app.stop();
  await rig.stop();
});

test('the real installer of Bolt installs into both workspaces, and each is answered with its own token', async () => {
  await installThroughBolt(ADA);
  await installThroughBolt(EDSGER);
  expect(rig.slack.control.installations()).toMatchObject([{ teamId: ACME_TEAM }, { teamId: GLOBEX_TEAM }]);
  const [acme, globex] = [tokenStored(ACME_TEAM), tokenStored(GLOBEX_TEAM)];
  expect(acme).not.toBe(globex);
  expect(stored.get(GLOBEX_TEAM)).toMatchObject({ team: { name: 'Globex' }, bot: { id: 'B0PASSBOT1' } });
  expect(await tokenUsedFor(ADA, GENERAL)).toBe(acme);
  expect(await tokenUsedFor(EDSGER, GLOBEX_GENERAL)).toBe(globex);
});

test('the authorize of Bolt refreshes a token before it expires, once', async () => {
  await installThroughBolt(ADA);
  const before = stored.get(ACME_TEAM)!;
  stored.set(ACME_TEAM, expiring(before));
  const used = await tokenUsedFor(ADA, GENERAL);
  expect(used).not.toBe(before.bot?.token);
  expect(used).toBe(tokenStored(ACME_TEAM));
  expect(stored.get(ACME_TEAM)?.bot?.refreshToken).not.toBe(before.bot?.refreshToken);
  expect(rig.slack.control.installations()).toMatchObject([
    { botTokens: [{}, { token: used }], refreshTokens: [{ isUsed: true }, { isUsed: false }] },
  ]);
  expect(await rig.refused('auth.test', {}, before.bot?.token)).toBeUndefined();
});

test('two replicas that refresh at once: one of them is refused', async () => {
  await installThroughBolt(ADA);
  const refresh_token = stored.get(ACME_TEAM)?.bot?.refreshToken ?? '';
  const refresh = () => rig.access({ grant_type: 'refresh_token', refresh_token });
  const answers = await Promise.all([refresh(), refresh()]);
  expect(answers.map(({ error }) => error)).toEqual([undefined, 'invalid_refresh_token']);
});

test('a callback in another browser is refused by Bolt, and a cancelled one too', async () => {
  const { url, cookie } = await startInstall();
  const next = rig.slack.control.authorize({ userId: ADA, url });
  expect((await fetch(next)).status).not.toBe(200);
  const cancelled = rig.slack.control.authorize({ userId: ADA, url, isCancelled: true });
  expect((await fetch(cancelled, { headers: { cookie } })).status).not.toBe(200);
  expect(rig.slack.control.installations()).toEqual([]);
});

test('an uninstall reaches Bolt without a token to authorize with', async () => {
  await installThroughBolt(ADA);
  stored.clear();
  rig.slack.control.uninstall({ teamId: ACME_TEAM, order: 'revoked-first' });
  await rig.slack.control.waitFor(() => gone.length === 2);
  expect(gone).toEqual([`tokens_revoked ${ACME_TEAM}`, `app_uninstalled ${ACME_TEAM}`]);
});

async function installThroughBolt(userId: string): Promise<void> {
  const { url, cookie } = await startInstall();
  const next = rig.slack.control.authorize({ userId, url });
  const done = await fetch(next, { headers: { cookie } });
  expect(done.status).toBe(200);
}

/** What a browser gets from the app: Slack's address, and the cookie that binds the state to it. */
async function startInstall(): Promise<{ url: string; cookie: string }> {
  const response = await fetch(`${appUrl}/slack/install`, { redirect: 'manual' });
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { url: response.headers.get('location') ?? '', cookie };
}

async function tokenUsedFor(userId: string, channelId: string): Promise<string> {
  const { control } = rig.slack;
  const direct = { userId, channelId: `D${userId.slice(1)}` };
  control.runCommand({ userId, channelId, command: '/share', text: '' });
  return control.waitFor(() => control.messages(direct).at(-1)?.text);
}

function tokenStored(teamId: string): string | undefined {
  return stored.get(teamId)?.bot?.token;
}

/** As in the last two hours of its twelve, in which Bolt refreshes. */
function expiring(installation: Installation): Installation {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  return { ...installation, bot: { ...installation.bot!, expiresAt } };
}
