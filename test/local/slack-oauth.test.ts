import { afterEach, beforeEach, expect, test } from 'vitest';

import { ACME_TEAM, ADA, EDSGER, GENERAL, OAUTH, SlackRig } from './slack-rig.js';

const INSTALLING = 'docs.slack.dev/authentication/installing-with-oauth';
const ACCESS = 'docs.slack.dev/reference/methods/oauth.v2.access';
const ROTATION = 'docs.slack.dev/authentication/using-token-rotation';
const [FIRST = '', SECOND = ''] = OAUTH.redirectUrls;
const HOURS = 3_600_000;

let rig: SlackRig;

beforeEach(async () => {
  rig = await SlackRig.start({ oauth: OAUTH });
});

afterEach(() => rig.stop());

test.each([
  ['another app', { client_id: '1.2' }, 'invalid client_id'],
  ['a redirect URL that is not registered', { redirect_uri: `${FIRST}/more` }, 'bad_redirect_uri'],
  ['a scope that Slack does not know', { scope: 'commands,files:eat' }, 'invalid_scope'],
  ['no scope', { scope: '' }, 'invalid_scope'],
  ['a scope of a person', { user_scope: 'files:read' }, 'invalid_scope'],
])(`${INSTALLING}: the page refuses %s, and sends nobody anywhere`, async (_what, change, refusal) => {
  const url = rig.authorizeUrl(change);
  const [shown, posted] = [await page(url), await decide(url, { userId: ADA, decision: 'allow' })];
  for (const response of [shown, posted]) {
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await response.text()).toContain(refusal);
  }
  expect(() => rig.slack.control.authorize({ userId: ADA, url })).toThrow(refusal);
});

test('the page names the app, its scopes, and the people of both workspaces', async () => {
  const text = await (await page(rig.authorizeUrl())).text();
  for (const part of ['Passalong', 'files:read', 'Ada Lovelace (Acme)', 'Edsger Dijkstra (Globex)', 'Allow'])
    expect(text).toContain(part);
  expect(text).not.toContain('isEnterpriseInstall');
});

test(`${INSTALLING}: Allow comes back with code and state, Cancel with access_denied and state`, async () => {
  const url = rig.authorizeUrl({ redirect_uri: SECOND });
  const allowed = await decide(url, { userId: EDSGER, decision: 'allow' });
  const next = new URL(allowed.headers.get('location') ?? '');
  expect([allowed.status, next.origin + next.pathname, next.searchParams.get('state')]).toEqual([
    302,
    SECOND,
    'st&te',
  ]);
  const code = next.searchParams.get('code') ?? '';
  expect(await rig.access({ code, redirect_uri: SECOND })).toMatchObject({ team: { name: 'Globex' } });
  const cancelled = await decide(url, { userId: EDSGER, decision: 'cancel' });
  expect(cancelled.headers.get('location')).toBe(`${SECOND}?error=access_denied&state=st%26te`);
  const asked = { userId: EDSGER, url, isCancelled: true };
  expect(rig.slack.control.authorize(asked)).toBe(`${SECOND}?error=access_denied&state=st%26te`);
  expect(() => rig.slack.control.authorize({ userId: ADA, url: 'https://slack.com/x' })).toThrow('not Slack');
});

test(`${ACCESS}: the answer, to a form and to HTTP Basic; only then is the app installed`, async () => {
  const code = rig.allow(ADA);
  expect(rig.slack.control.installations()).toEqual([]);
  const answer = await rig.access({ code });
  expect(answer).toEqual({
    ok: true,
    access_token: expect.stringMatching(/^xoxb-/) as string,
    token_type: 'bot',
    scope: 'commands,files:read',
    bot_user_id: 'U0PASSBOT1',
    app_id: 'A0PASSALNG',
    team: { id: ACME_TEAM, name: 'Acme' },
    enterprise: null,
    is_enterprise_install: false,
    authed_user: { id: ADA },
  });
  expect(rig.slack.control.installations()).toMatchObject([{ teamId: ACME_TEAM, installerUserId: ADA }]);
  const authorization = `Basic ${Buffer.from(`${OAUTH.clientId}:${OAUTH.clientSecret}`).toString('base64')}`;
  const body = new URLSearchParams({ code: rig.allow(EDSGER) });
  const init = { method: 'POST', headers: { authorization }, body };
  const basic = await fetch(`${rig.slack.url}/api/oauth.v2.access`, init);
  expect(await basic.json()).toMatchObject({ ok: true, team: { name: 'Globex' } });
});

test.each([
  ['invalid_client_id', { client_id: '1.2' }],
  ['bad_client_secret', { client_secret: 'guessed' }],
  ['invalid_grant_type', { grant_type: 'password' }],
  ['invalid_code', { code: 'guessed' }],
  ['bad_redirect_uri', { redirect_uri: SECOND }],
])(`${ACCESS}: %s`, async (error, wrong) => {
  const code = rig.allow(ADA);
  expect(await rig.access({ code, ...wrong })).toEqual({ ok: false, error });
  expect(await rig.access({ code, redirect_uri: FIRST })).toMatchObject({ ok: true });
});

test(`${ACCESS}: a redirect_uri that was sent must come again`, async () => {
  const code = rig.allow(ADA, { redirect_uri: SECOND });
  expect(await rig.access({ code })).toEqual({ ok: false, error: 'bad_redirect_uri' });
});

test(`${INSTALLING}: a code is good once, for 10 minutes`, async () => {
  const [code, late] = [rig.allow(ADA), rig.allow(ADA)];
  await rig.access({ code });
  expect(await rig.access({ code })).toEqual({ ok: false, error: 'code_already_used' });
  rig.nowMs += 10 * 60_000 + 1;
  expect(await rig.access({ code: late })).toEqual({ ok: false, error: 'invalid_code' });
});

test(`${INSTALLING}: scopes are additive, and a token has those that were allowed`, async () => {
  const { token } = await rig.install(ADA, 'commands');
  const send = { channel: GENERAL, text: 'x' };
  expect((await rig.call('chat.postMessage', send, token)).body).toMatchObject({
    ...{ error: 'missing_scope', needed: 'chat:write', provided: 'commands' },
  });
  expect(await rig.access({ code: rig.allow(ADA, { scope: 'chat:write' }) })).toMatchObject({
    scope: 'commands,chat:write',
  });
  expect((await rig.call('chat.postMessage', send, token)).body).toMatchObject({ ok: true });
});

test('without the settings of OAuth nobody can install', async () => {
  await rig.restart({});
  expect(await rig.access({ code: 'x' })).toEqual({ ok: false, error: 'invalid_client_id' });
  expect((await page(rig.authorizeUrl())).status).toBe(400);
});

test('without rotation there is nothing to refresh', async () => {
  const { refreshToken } = await rig.install(ADA);
  expect(refreshToken).toBe('undefined');
  expect(await refresh('undefined')).toEqual({ ok: false, error: 'invalid_refresh_token' });
});

test(`${ROTATION}: a token lives 12 hours; a refresh token is good once and leaves the old one its time`, async () => {
  await rig.restart({ oauth: { ...OAUTH, tokenRotation: true } });
  const first = await rig.access({ code: rig.allow(ADA) });
  expect(first).toMatchObject({
    access_token: expect.stringMatching(/^xoxe\.xoxb-1-/) as string,
    refresh_token: expect.stringMatching(/^xoxe-1-/) as string,
    expires_in: 43_200,
  });
  rig.nowMs += 11 * HOURS;
  const second = await refresh(first.refresh_token);
  expect(second).toMatchObject({ ok: true, token_type: 'bot', expires_in: 43_200, team: { id: ACME_TEAM } });
  expect(second).not.toHaveProperty('authed_user');
  expect(await refresh(first.refresh_token)).toEqual({ ok: false, error: 'invalid_refresh_token' });
  expect(await refresh('xoxe-1-guessed')).toEqual({ ok: false, error: 'invalid_refresh_token' });
  expect(await works(first)).toMatchObject({ ok: true });
  rig.nowMs += 1 * HOURS;
  expect(await works(first)).toEqual({ ok: false, error: 'token_expired' });
  expect(await works(second)).toMatchObject({ ok: true });
  rig.nowMs += 11 * HOURS;
  expect(await works(second)).toEqual({ ok: false, error: 'token_expired' });
  expect(await works(await refresh(second.refresh_token))).toMatchObject({ ok: true });
});

const page = (url: string) => fetch(url, { redirect: 'manual' });
const decide = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) });
const refresh = (refreshToken: unknown) =>
  rig.access({ grant_type: 'refresh_token', refresh_token: String(refreshToken) });
const works = async ({ access_token }: Record<string, unknown>) =>
  (await rig.call('auth.test', {}, String(access_token))).body;
