import { afterEach, beforeEach, expect, test } from 'vitest';

import { ADA, ADA_DM, BOT, FILES, GENERAL, GRACE, SECRET, SlackRig } from './slack-rig.js';

let rig: SlackRig;

beforeEach(async () => {
  rig = await SlackRig.start();
});

afterEach(() => rig.stop());

test.each([
  ['docs.slack.dev/apis/web-api: unknown_method', 'files.eat', {}, BOT, { error: 'unknown_method' }],
  ['methods/auth.test: not_authed', 'auth.test', {}, '', { error: 'not_authed' }],
  ['methods/auth.test: invalid_auth', 'auth.test', {}, 'xoxb-other', { error: 'invalid_auth' }],
  [
    'methods/auth.test: not_allowed_token_type',
    'auth.test',
    {},
    'xapp-local',
    { error: 'not_allowed_token_type' },
  ],
  [
    'methods/apps.connections.open wants an app token',
    'apps.connections.open',
    {},
    BOT,
    { error: 'not_allowed_token_type' },
  ],
  [
    'methods/users.info: missing_scope names the scope',
    'users.info',
    { user: ADA },
    BOT,
    { error: 'missing_scope', needed: 'users:read' },
  ],
  [
    'methods/conversations.open: missing_scope',
    'conversations.open',
    { users: ADA },
    BOT,
    { error: 'missing_scope', needed: 'im:write' },
  ],
  [
    'methods/chat.postMessage: not_in_channel',
    'chat.postMessage',
    { channel: FILES, text: 'x' },
    BOT,
    { error: 'not_in_channel' },
  ],
  [
    'methods/chat.postMessage: a private channel is not found',
    'chat.postMessage',
    { channel: SECRET, text: 'x' },
    BOT,
    { error: 'channel_not_found' },
  ],
  ['methods/chat.postMessage: no_text', 'chat.postMessage', { channel: GENERAL }, BOT, { error: 'no_text' }],
  [
    'methods/chat.postMessage: msg_too_long',
    'chat.postMessage',
    { channel: GENERAL, text: 'x'.repeat(40_001) },
    BOT,
    { error: 'msg_too_long' },
  ],
  [
    'methods/chat.postMessage: invalid_blocks_format',
    'chat.postMessage',
    { channel: GENERAL, blocks: '[{' },
    BOT,
    { error: 'invalid_blocks_format' },
  ],
  [
    'methods/chat.postEphemeral: user_not_in_channel',
    'chat.postEphemeral',
    { channel: ADA_DM, user: GRACE, text: 'x' },
    BOT,
    { error: 'user_not_in_channel' },
  ],
  [
    'methods/chat.update: message_not_found',
    'chat.update',
    { channel: GENERAL, ts: '1.000000', text: 'x' },
    BOT,
    { error: 'message_not_found' },
  ],
  ['methods/files.info: file_not_found', 'files.info', { file: 'F1' }, BOT, { error: 'file_not_found' }],
  [
    'methods/views.open: invalid_arguments',
    'views.open',
    { view: '{}' },
    BOT,
    { error: 'invalid_arguments' },
  ],
  [
    'methods/views.publish: user_not_found',
    'views.publish',
    { user_id: 'U1', view: { type: 'home', blocks: [] } },
    BOT,
    { error: 'user_not_found' },
  ],
])('%s', async (_rule, method, args, token, refusal) => {
  const { status, body } = await rig.call(method, args, token);
  expect(status).toBe(200);
  expect(body).toMatchObject({ ok: false, ...refusal });
});

test('the same call is understood as a form with JSON inside and as JSON', async () => {
  const blocks = [{ type: 'divider' }];
  expect((await rig.call('chat.postMessage', { channel: GENERAL, blocks })).body.ok).toBe(true);
  const headers = { authorization: `Bearer ${BOT}`, 'content-type': 'application/x-www-form-urlencoded' };
  const form = new URLSearchParams({ channel: ADA, blocks: JSON.stringify(blocks) }).toString();
  const sent = await fetch(`${rig.slack.url}/api/chat.postMessage`, { method: 'POST', headers, body: form });
  expect(await sent.json()).toMatchObject({ ok: true, channel: ADA_DM });
});

test('docs.slack.dev/apis/web-api/rate-limits: 429 with Retry-After, then service', async () => {
  rig.slack.faults.rateLimitNext = 1;
  const limited = await fetch(`${rig.slack.url}/api/auth.test`, {
    headers: { authorization: `Bearer ${BOT}` },
  });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await rig.call('auth.test', {})).body).toMatchObject({ ok: true, user_id: 'U0PASSBOT1' });
  rig.slack.faults.webApiDown = true;
  expect((await fetch(`${rig.slack.url}/api/auth.test`)).status).toBe(503);
});

test('methods/chat.update: cant_update_message for another author, and no ephemeral message', async () => {
  const { messageTs } = await rig.slack.control.postMessage({
    userId: ADA,
    channelId: GENERAL,
    text: 'a < b, x@y.co',
  });
  expect(await rig.refused('chat.update', { channel: GENERAL, ts: messageTs, text: 'x' })).toBe(
    'cant_update_message',
  );
  expect(await rig.refused('chat.delete', { channel: GENERAL, ts: messageTs })).toBe('cant_delete_message');
  const hidden = await rig.call('chat.postEphemeral', { channel: GENERAL, user: ADA, text: 'psst' });
  expect(await rig.refused('chat.update', { channel: GENERAL, ts: hidden.body.message_ts, text: 'x' })).toBe(
    'message_not_found',
  );
  const texts = (userId: string) =>
    rig.slack.control.messages({ userId, channelId: GENERAL }).map(({ text }) => text);
  expect(texts(ADA)).toEqual(['a &lt; b, <mailto:x@y.co|x@y.co>', 'psst']);
  expect(texts(GRACE)).toHaveLength(1);
});
