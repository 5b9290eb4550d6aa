import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  ACME_TEAM,
  ADA,
  ADA_DM,
  EDSGER,
  EDSGER_DM,
  GENERAL,
  GLOBEX_GENERAL,
  GLOBEX_TEAM,
  GRACE,
  modal,
  OAUTH,
  SlackRig,
} from './slack-rig.js';

const ORGANISATION = { id: 'E0CONGLOM1', name: 'Conglomerate' };
const METHODS = 'docs.slack.dev/reference/methods';
const HOURS = 3_600_000;

let rig: SlackRig;
let heard: Record<string, unknown>[];

beforeEach(async () => {
  await start({});
});

afterEach(() => rig.stop());

describe('a workspace without the app', () => {
  test('has no command, no shortcut, no direct messages with it, and nothing is heard of its people', async () => {
    const { control } = rig.slack;
    const about = { userId: EDSGER, channelId: GLOBEX_GENERAL };
    const command = { ...about, command: '/share', text: '' };
    expect(() => control.runCommand(command)).toThrow('not a valid command');
    expect(() => control.useGlobalShortcut({ userId: EDSGER, callbackId: 'share_new' })).toThrow(
      'not installed in Globex',
    );
    expect(() => control.inviteApp({ channelId: GLOBEX_GENERAL })).toThrow('no app to invite');
    control.openHome({ userId: EDSGER });
    await post(EDSGER, GLOBEX_GENERAL);
    expect(control.state().events).toEqual([]);
    const { manifest, channels } = control.sight({ userId: EDSGER });
    expect([manifest.commands, manifest.shortcuts]).toEqual([[], []]);
    expect(channels.map(({ id }) => id)).toEqual([GLOBEX_GENERAL]);
  });

  test('gets it in #general and in direct messages by installing', async () => {
    const { token } = await rig.install(EDSGER);
    expect((await say(GLOBEX_GENERAL, token)).ok).toBe(true);
    expect(await say(EDSGER, token)).toMatchObject({ ok: true, channel: EDSGER_DM });
    const { channels, manifest } = rig.slack.control.sight({ userId: EDSGER });
    expect(channels.map(({ id }) => id)).toEqual([GLOBEX_GENERAL, EDSGER_DM]);
    expect(manifest.commands).not.toEqual([]);
  });
});

test('what people do carries their own workspace', async () => {
  await rig.install(ADA);
  await rig.install(EDSGER);
  const { control } = rig.slack;
  for (const [userId, channelId, id, domain] of [
    [ADA, GENERAL, ACME_TEAM, 'acme'],
    [EDSGER, GLOBEX_GENERAL, GLOBEX_TEAM, 'globex'],
  ] as const) {
    heard = [];
    control.runCommand({ userId, channelId, command: '/share', text: '' });
    expect(await heardWhere('command', '/share')).toMatchObject({
      ...{ team_id: id, team_domain: domain, user_id: userId, is_enterprise_install: 'false' },
    });
    control.useGlobalShortcut({ userId, callbackId: 'share_new' });
    expect(await heardWhere('type', 'shortcut')).toMatchObject({
      ...{ team: { id, domain }, user: { id: userId, team_id: id } },
      ...{ enterprise: null, is_enterprise_install: false },
    });
    const { fileId } = await post(userId, channelId);
    expect(await heardWhere('type', 'event_callback')).toMatchObject({
      ...{ team_id: id, context_team_id: id, event: { type: 'file_shared', file_id: fileId } },
      authorizations: [{ team_id: id, enterprise_id: null, is_enterprise_install: false }],
    });
  }
  const seen = control.sight({ userId: ADA });
  expect(seen.people.map(({ name }) => name)).toEqual(['ada', 'grace', 'alan']);
  expect(JSON.stringify(seen)).not.toMatch(/GLOBEX|globex|edsger/i);
  expect(control.sight({ userId: EDSGER })).toMatchObject({ team: { id: GLOBEX_TEAM }, channels: [{}, {}] });
});

describe('a token', () => {
  let acme: string;
  let globex: string;
  beforeEach(async () => {
    ({ token: acme } = await rig.install(ADA));
    ({ token: globex } = await rig.install(EDSGER));
  });

  test(`${METHODS}/auth.test: says whose it is`, async () => {
    const teamOf = async (token: string) => (await rig.call('auth.test', {}, token)).body;
    expect(await teamOf(acme)).toMatchObject({ team: 'Acme', team_id: ACME_TEAM, user_id: 'U0PASSBOT1' });
    expect(await teamOf(globex)).toMatchObject({ team: 'Globex', team_id: GLOBEX_TEAM });
  });

  test.each([
    ['channel_not_found', 'chat.postMessage', { channel: GENERAL, text: 'x' }],
    ['channel_not_found', 'chat.postMessage', { channel: ADA_DM, text: 'x' }],
    ['channel_not_found', 'chat.postMessage', { channel: ADA, text: 'x' }],
    ['channel_not_found', 'chat.postEphemeral', { channel: GENERAL, user: ADA, text: 'x' }],
    ['user_not_in_channel', 'chat.postEphemeral', { channel: GLOBEX_GENERAL, user: ADA, text: 'x' }],
    ['user_not_found', 'users.info', { user: ADA }],
    ['user_not_found', 'conversations.open', { users: ADA }],
    ['user_not_found', 'views.publish', { user_id: ADA, view: { type: 'home', blocks: [] } }],
  ])(`${METHODS}: of another workspace gets %s of %s`, async (error, method, args) => {
    expect(await rig.refused(method, args, globex)).toBe(error);
    expect(await rig.refused(method, args, acme)).toBe(
      error === 'user_not_in_channel' ? 'channel_not_found' : undefined,
    );
  });

  test(`${METHODS}/views.open: opens and changes views of its own people only`, async () => {
    const { triggerId: trigger_id } = rig.command();
    const view = modal({ external_id: 'one' });
    expect(await rig.refused('views.open', { trigger_id, view }, globex)).toBe('invalid_trigger_id');
    const { body } = await rig.call('views.open', { trigger_id, view }, acme);
    expect(body.view).toMatchObject({ team_id: ACME_TEAM, app_installed_team_id: ACME_TEAM });
    const { id: view_id } = body.view as { id: string };
    expect(await rig.refused('views.update', { view_id, view }, globex)).toBe('not_found');
    const theirs = rig.slack.control.useGlobalShortcut({ userId: EDSGER, callbackId: 'share_new' });
    const opened = await rig.call('views.open', { trigger_id: theirs.triggerId, view }, globex);
    expect(opened.body.view).toMatchObject({ team_id: GLOBEX_TEAM, external_id: 'one' });
  });

  test(`${METHODS}/files.info: reads files of its own workspace only, also at the files host`, async () => {
    const { fileId: file } = await post(ADA, GENERAL);
    expect(await rig.refused('files.info', { file }, globex)).toBe('file_not_found');
    const { body } = await rig.call('files.info', { file }, acme);
    const { url_private: url = '', user_team } = body.file as Record<string, string>;
    expect(user_team).toBe(ACME_TEAM);
    expect(await download(url, acme)).toBe('bytes');
    expect(await download(url, globex)).toContain('<!DOCTYPE html>');
    for (const token of [acme, globex])
      expect(await download(url.replace(ACME_TEAM, GLOBEX_TEAM), token)).toContain('<!DOCTYPE html>');
  });

  test('of an app that was uninstalled is token_revoked, at the files host too, and others live on', async () => {
    const { fileId: file } = await post(ADA, GENERAL);
    const { url_private: url = '' } = (await rig.call('files.info', { file }, acme)).body.file as Record<
      string,
      string
    >;
    await rig.call('views.publish', { user_id: ADA, view: { type: 'home', blocks: [] } }, acme);
    rig.slack.control.uninstall({ teamId: ACME_TEAM });
    expect(await rig.refused('auth.test', {}, acme)).toBe('token_revoked');
    expect(await rig.refused('files.info', { file }, acme)).toBe('token_revoked');
    expect(await download(url, acme)).toContain('<!DOCTYPE html>');
    expect(() => rig.command()).toThrow('not a valid command');
    expect(rig.slack.control.home({ userId: ADA })).toBeNull();
    expect(await rig.refused('auth.test', {}, globex)).toBeUndefined();
    expect(() => rig.slack.control.uninstall({ teamId: ACME_TEAM })).toThrow('not installed');
  });
});

describe('docs.slack.dev/reference/events/app_uninstalled: an uninstall', () => {
  test.each([
    ['uninstalled-first', ['app_uninstalled', 'tokens_revoked']],
    ['revoked-first', ['tokens_revoked', 'app_uninstalled']],
  ] as const)('is told of twice, %s', async (order, types) => {
    await rig.install(EDSGER);
    rig.slack.control.uninstall({ teamId: GLOBEX_TEAM, order });
    await rig.slack.control.waitFor(() => heard.length === 2);
    expect(heard.map(({ event }) => (event as { type: string }).type)).toEqual(types);
    for (const payload of heard) expect(payload).toMatchObject({ team_id: GLOBEX_TEAM });
    expect(heard.map(({ event }) => (event as { tokens?: object }).tokens)).toContainEqual({
      ...{ oauth: [], bot: ['U0PASSBOT1'] },
    });
  });

  test('may be told of after the app was installed anew, and the new tokens work', async () => {
    await rig.restart({ oauth: { ...OAUTH, tokenRotation: true } });
    await listen();
    const { refreshToken } = await rig.install(ADA);
    const uninstalledSec = Math.floor(rig.nowMs / 1000);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    rig.slack.control.uninstall({ teamId: ACME_TEAM, held });
    rig.nowMs += HOURS;
    const { token } = await rig.install(ADA);
    expect(heard).toEqual([]);
    release();
    await rig.slack.control.waitFor(() => heard.length === 2);
    expect(heard).toMatchObject([{ event_time: uninstalledSec }, {}]);
    expect(await rig.refused('auth.test', {}, token)).toBeUndefined();
    const old = await rig.access({ grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(old.error).toBe('invalid_refresh_token');
  });
});

describe('docs.slack.dev/enterprise: in an organisation', () => {
  beforeEach(async () => {
    await rig.stop();
    await start({ enterprise: ORGANISATION });
  });

  test('an installation for all of it reaches both workspaces', async () => {
    const answer = await rig.access({ code: rig.allow(ADA, { scope: 'commands,chat:write' }, true) });
    expect(answer).toMatchObject({ team: null, enterprise: ORGANISATION, is_enterprise_install: true });
    const token = String(answer.access_token);
    expect(await say(GENERAL, token)).toMatchObject({ ok: true });
    expect(await say(GLOBEX_GENERAL, token)).toMatchObject({ ok: true });
    expect((await rig.call('auth.test', {}, token)).body).toMatchObject({
      ...{ enterprise_id: ORGANISATION.id, is_enterprise_install: true },
    });
    const { control } = rig.slack;
    const about = { userId: EDSGER, channelId: GLOBEX_GENERAL, command: '/share', text: '' };
    const { triggerId: trigger_id } = control.runCommand(about);
    expect(await heardWhere('command', '/share')).toMatchObject({
      ...{ team_id: GLOBEX_TEAM, enterprise_id: ORGANISATION.id, is_enterprise_install: 'true' },
    });
    const { body } = await rig.call('views.open', { trigger_id, view: modal({}) }, token);
    expect(body.view).toMatchObject({ team_id: GLOBEX_TEAM, app_installed_team_id: ORGANISATION.id });
    control.openHome({ userId: EDSGER });
    expect(await heardWhere('type', 'event_callback')).toMatchObject({
      ...{ team_id: GLOBEX_TEAM, enterprise_id: ORGANISATION.id, context_enterprise_id: ORGANISATION.id },
      authorizations: [{ team_id: null, enterprise_id: ORGANISATION.id, is_enterprise_install: true }],
    });
    const again = await rig.access({ code: rig.allow(ADA) });
    expect(again.error).toBe('cannot_install_an_org_installed_app');
    control.uninstall({ teamId: ORGANISATION.id });
    expect(await rig.refused('auth.test', {}, token)).toBe('token_revoked');
    expect(() => control.runCommand(about)).toThrow('not a valid command');
  });

  test('one for a workspace says the organisation and stays in its workspace', async () => {
    const answer = await rig.access({ code: rig.allow(ADA, { scope: 'commands,chat:write' }) });
    expect(answer).toMatchObject({ team: { id: ACME_TEAM }, enterprise: ORGANISATION });
    expect((await say(GLOBEX_GENERAL, String(answer.access_token))).error).toBe('channel_not_found');
    rig.slack.control.useGlobalShortcut({ userId: ADA, callbackId: 'share_new' });
    expect(await heardWhere('type', 'shortcut')).toMatchObject({
      team: { id: ACME_TEAM, enterprise_id: ORGANISATION.id },
      enterprise: ORGANISATION,
      is_enterprise_install: false,
    });
  });
});

test('there is no installation for all of an organisation outside one', () => {
  expect(() => rig.allow(ADA, {}, true)).toThrow('no organisation');
});

test('authorizing, installations and uninstalling over HTTP as well', async () => {
  const url = `${rig.slack.url}/_control`;
  const act = async (name: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/${name}`, init);
    const answered: unknown = await response.json();
    return { status: response.status, body: answered };
  };
  const next = await act('authorize', { userId: GRACE, url: rig.authorizeUrl() });
  await rig.access({ code: new URL(String(next.body)).searchParams.get('code') ?? '' });
  expect(await (await fetch(`${url}/installations`)).json()).toMatchObject([
    { teamId: ACME_TEAM, installerUserId: GRACE, isRevoked: false },
  ]);
  expect((await act('uninstall', { teamId: ACME_TEAM })).status).toBe(200);
  expect((await act('uninstall', { teamId: ACME_TEAM })).status).toBe(400);
  const refused = await act('authorize', { userId: GRACE, url: rig.authorizeUrl({ scope: 'x' }) });
  expect(refused).toEqual({ status: 400, body: { error: 'invalid_scope' } });
});

async function start(options: Parameters<typeof SlackRig.start>[0]): Promise<void> {
  rig = await SlackRig.start({ oauth: OAUTH, ...options });
  await listen();
}

async function listen(): Promise<void> {
  heard = [];
  await rig.connect((envelope, ack) => {
    heard.push(envelope.payload);
    ack();
  });
}

async function say(channel: string, token: string): Promise<Record<string, unknown>> {
  return (await rig.call('chat.postMessage', { channel, text: 'x' }, token)).body;
}

function post(userId: string, channelId: string): Promise<{ fileId: string }> {
  const upload = { userId, channelId, name: 'a.txt', mimetype: 'text/plain', source: Buffer.from('bytes') };
  return rig.slack.control.uploadFile(upload);
}

async function download(url: string, token: string): Promise<string> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
}

function heardWhere(field: string, value: string): Promise<Record<string, unknown>> {
  return rig.slack.control.waitFor(() => heard.find((payload) => payload[field] === value));
}
