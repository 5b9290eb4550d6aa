import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';

const TOKEN = 'local-token';
const APP = '900000000000000001';
const ADA = '100100000000000001';
const GRACE = '100200000000000002';
const GENERAL = '300000000000000001';
const LOUNGE = '300000000000000003';
const FOREIGN_GUILD = '200000000000000002';
const HEARTBEAT_MS = 400;
const share = {
  name: 'share',
  description: 'Share',
  integration_types: [0, 1],
  options: [{ type: 3, name: 'emails', description: 'To' }],
};

let discord: LocalDiscord;
const opened: WebSocket[] = [];

beforeAll(async () => {
  discord = await startDiscord({
    port: 0,
    token: TOKEN,
    applicationId: APP,
    heartbeatIntervalMs: HEARTBEAT_MS,
  });
  await call('PUT', `/applications/${APP}/commands`, [share]);
});
afterAll(async () => {
  for (const socket of opened) socket.terminate();
  await discord.close();
});

interface Answer {
  status: number;
  body: { code?: number; errors?: object; content?: string; flags?: number; id?: string } | undefined;
  headers: Headers;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  authorization: string | null = `Bot ${TOKEN}`,
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(authorization !== null && { authorization }) };
  const response = await fetch(`${discord.url}/api/v10${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text ? (JSON.parse(text) as Answer['body']) : undefined,
    headers: response.headers,
  };
}

/** A raw gateway client: all frames it has got, and the code it is closed with. */
async function connect(query = '?v=10&encoding=json') {
  const socket = new WebSocket(`${discord.url.replace('http', 'ws')}/${query}`);
  opened.push(socket);
  const frames: Frame[] = [];
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('message', (raw: Buffer) => frames.push(JSON.parse(raw.toString()) as Frame));
  await once(socket, 'open');
  const send = (op: number, d: unknown) => {
    socket.send(JSON.stringify({ op, d }));
  };
  const got = async (isWanted: (frame: Frame) => boolean): Promise<Frame> => {
    await expect.poll(() => frames.some(isWanted)).toBe(true);
    return frames.find(isWanted) ?? expect.fail();
  };
  return { socket, frames, closed, send, got };
}
interface Frame {
  op: number;
  t: string | null;
  s: number | null;
  d: Record<string, unknown>;
}
const identity = { token: TOKEN, intents: 0, properties: {} };

/** Runs /share as Ada and hands out the id and the token that the gateway gave to the app. */
async function interact(
  act = () => discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, command: 'share' }),
) {
  const bot = await connect();
  bot.send(2, identity);
  await bot.got((frame) => frame.t === 'READY');
  const { interactionId: id } = act();
  const { d } = await bot.got((frame) => frame.t === 'INTERACTION_CREATE');
  bot.socket.close(1000);
  const token = d['token'] as string;
  return {
    id,
    data: d,
    answer: (body: unknown, query = '') =>
      call('POST', `/interactions/${id}/${token}/callback${query}`, body, null),
    original: (method: string, body?: unknown) =>
      call(method, `/webhooks/${APP}/${token}/messages/%40original`, body, null),
    followUp: (body: unknown) => call('POST', `/webhooks/${APP}/${token}`, body, null),
  };
}
const button = (over: object = {}) => ({ type: 2, style: 1, custom_id: 'b', label: 'Go', ...over });
const row = (...components: object[]) => ({ type: 1, components });
const field = (over: object = {}) => ({
  type: 18,
  label: 'To',
  component: { type: 4, style: 1, custom_id: 'to', ...over },
});
const modal = (over: object = {}) => ({
  type: 9,
  data: { custom_id: 'm', title: 'Share', components: [field()], ...over },
});

describe('docs.discord.com/developers/interactions/receiving-and-responding', () => {
  test('"you must send an initial response within 3 seconds of receiving the event": then 10062', async () => {
    const it = await interact();
    discord.control.passTime({ ms: 3001 });
    expect(await it.answer({ type: 5 })).toMatchObject({ status: 404, body: { code: 10062 } });
    expect(discord.control.interaction(it.id).failed).toBe(true);
  });

  test('a second first answer is 40060, a modal after deferring too', async () => {
    const it = await interact();
    const first = await it.answer({ type: 5 });
    expect([first.status, first.body, first.headers.get('content-type')]).toEqual([204, undefined, null]);
    expect(await it.answer({ type: 4, data: { content: 'x' } })).toMatchObject({
      status: 400,
      body: { code: 40060 },
    });
    expect(await it.answer(modal())).toMatchObject({ status: 400, body: { code: 40060 } });
  });

  test('"Interaction tokens are valid for 15 minutes": then 50027', async () => {
    const it = await interact();
    await it.answer({ type: 4, data: { content: 'x' } });
    expect((await it.original('PATCH', { content: 'y' })).status).toBe(200);
    discord.control.passTime({ ms: 15 * 60_000 + 1 });
    expect(await it.original('PATCH', { content: 'z' })).toMatchObject({
      status: 401,
      body: { code: 50027 },
    });
  });

  test('the webhook of an interaction does not exist before the first answer', async () => {
    const it = await interact();
    expect(await it.followUp({ content: 'x' })).toMatchObject({ status: 404, body: { code: 10015 } });
  });

  test('"MODAL: Not available for MODAL_SUBMIT", and updates only for components', async () => {
    const it = await interact();
    expect((await it.answer({ type: 7, data: { content: 'x' } })).body).toMatchObject({
      code: 50035,
      errors: { type: {} },
    });
    await it.answer(modal());
    const submit = await interact(() =>
      discord.control.submitModal({ userId: ADA, interactionId: it.id, values: { to: 'a' } }),
    );
    expect((await submit.answer(modal())).body).toMatchObject({ code: 50035, errors: { type: {} } });
  });

  test('"DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE: the only valid message flag you may use is EPHEMERAL"', async () => {
    const it = await interact();
    expect((await it.answer({ type: 5, data: { flags: 64 | (1 << 15) } })).body).toMatchObject({
      code: 50035,
    });
    expect((await it.answer({ type: 5, data: { flags: 64 } }, '?with_response=true')).body).toMatchObject({
      interaction: { response_message_loading: true, response_message_ephemeral: true },
    });
  });

  test('"an existing message\'s ephemeral state cannot be changed": the first follow-up after deferring is the edit', async () => {
    const it = await interact();
    await it.answer({ type: 5, data: { flags: 64 } });
    const first = await it.followUp({ content: 'done', flags: 0 });
    expect(first.body).toMatchObject({ content: 'done', flags: 64 });
    expect(discord.control.interaction(it.id)).toMatchObject({
      followUps: [],
      message: { content: 'done', flags: 64 },
    });
    const hidden = await call('GET', `/channels/${GENERAL}/messages/${first.body?.id ?? ''}`);
    expect(hidden).toMatchObject({ status: 404, body: { code: 10008 } });
    expect((await it.original('DELETE')).status).toBe(204);
    expect(await it.original('GET')).toMatchObject({ status: 404, body: { code: 10008 } });
  });

  test('"user-installed apps not in the server: max 5 follow-ups per interaction"', async () => {
    const it = await interact(() =>
      discord.control.invokeCommand({ userId: ADA, channelId: LOUNGE, command: 'share' }),
    );
    expect(it.data['authorizing_integration_owners']).toEqual({ 1: ADA });
    await it.answer({ type: 4, data: { content: 'x' } });
    for (let count = 0; count < 5; count += 1) expect((await it.followUp({ content: 'x' })).status).toBe(200);
    expect(await it.followUp({ content: 'x' })).toMatchObject({ status: 400, body: { code: 40094 } });
  });
});

describe('docs.discord.com/developers/resources/message and components/reference: a message with', () => {
  test.each<[string, object, object]>([
    ['no EPHEMERAL outside an interaction', { flags: 64 }, { flags: {} }],
    ['"message contents (up to 2000 characters)"', { content: 'x'.repeat(2001) }, { content: {} }],
    ['"up to 10 embeds"', { embeds: Array.from({ length: 11 }, () => ({ title: 'x' })) }, { embeds: {} }],
    ['an embed title of 256', { embeds: [{ title: 'x'.repeat(257) }] }, { embeds: { 0: { title: {} } } }],
    [
      '"combined sum of characters … must not exceed 6000"',
      { embeds: [1, 2].map(() => ({ description: 'x'.repeat(3001) })) },
      { embeds: {} },
    ],
    [
      'five action rows',
      { components: [1, 2, 3, 4, 5, 6].map((n) => row(button({ custom_id: `b${n}` }))) },
      { components: {} },
    ],
    [
      '"up to 5 buttons" in a row',
      { components: [row(...[1, 2, 3, 4, 5, 6].map((n) => button({ custom_id: `b${n}` })))] },
      { components: { 0: {} } },
    ],
    [
      'a select alone in its row',
      { components: [row(button(), { type: 5, custom_id: 's' })] },
      { components: { 0: {} } },
    ],
    ['"must not share the same custom_id"', { components: [row(button(), button())] }, { components: {} }],
    [
      'a custom_id of "1 to 100 characters"',
      { components: [row(button({ custom_id: 'x'.repeat(101) }))] },
      { components: {} },
    ],
    [
      'a label of "max 80 characters"',
      { components: [row(button({ label: 'x'.repeat(81) }))] },
      { components: {} },
    ],
    [
      '"Link buttons must have a url"',
      { components: [row({ type: 2, style: 5, label: 'x' })] },
      { components: {} },
    ],
    [
      '"Non-link buttons must have a custom_id"',
      { components: [row({ type: 2, style: 1, label: 'x' })] },
      { components: {} },
    ],
    ['no text input', { components: [row({ type: 4, style: 1, custom_id: 't' })] }, { components: {} }],
    [
      '"up to 40 total components"',
      { flags: 1 << 15, components: Array.from({ length: 41 }, () => ({ type: 10, content: 'x' })) },
      { components: {} },
    ],
    [
      'no content beside IS_COMPONENTS_V2',
      { flags: 1 << 15, content: 'x', components: [{ type: 10, content: 'x' }] },
      { content: {} },
    ],
  ])('%s', async (_rule, message, errors) => {
    const sent = await call('POST', `/channels/${GENERAL}/messages`, { content: 'x', ...message });
    expect(sent).toMatchObject({ status: 400, body: { code: 50035, errors } });
  });

  test("nothing in it is 50006, and another author's cannot be edited (50005)", async () => {
    expect(await call('POST', `/channels/${GENERAL}/messages`, { content: '' })).toMatchObject({
      status: 400,
      body: { code: 50006 },
    });
    const { messageId } = discord.control.postMessage({ userId: ADA, channelId: GENERAL, content: 'mine' });
    expect(await call('PATCH', `/channels/${GENERAL}/messages/${messageId}`, { content: 'x' })).toMatchObject(
      { body: { code: 50005 } },
    );
    expect((await call('GET', `/channels/${GENERAL}/messages/${messageId}`)).body?.content).toBe('');
  });
});

describe('docs.discord.com/developers/components/reference: a modal with', () => {
  test.each<[string, object, object]>([
    ['a title of "max 45 characters"', { title: 'x'.repeat(46) }, { title: {} }],
    [
      '"between 1 and 5 components"',
      { components: [1, 2, 3, 4, 5, 6].map((n) => field({ custom_id: `t${n}` })) },
      { components: {} },
    ],
    [
      'a label of "max 45 characters"',
      { components: [{ ...field(), label: 'x'.repeat(46) }] },
      { components: { 0: { label: {} } } },
    ],
    [
      'a file upload of "max 10"',
      { components: [field({ type: 19, max_values: 11 })] },
      { components: { 0: { component: {} } } },
    ],
    ['no bare text input', { components: [{ type: 4, style: 1, custom_id: 't' }] }, { components: {} }],
    ['no button', { components: [row(button())] }, { components: {} }],
    ['unique custom ids', { components: [field(), field()] }, { components: {} }],
  ])('%s', async (_rule, over, errors) => {
    const it = await interact();
    expect((await it.answer(modal(over))).body).toMatchObject({ code: 50035, errors: { data: errors } });
  });

  test('fields that a person has not filled in is not sent', async () => {
    const it = await interact();
    await it.answer(
      modal({
        components: [
          field({ min_length: 3 }),
          field({ type: 19, custom_id: 'f', min_values: 2, max_values: 3 }),
        ],
      }),
    );
    const submit = (values: object) => () =>
      discord.control.submitModal({ userId: ADA, interactionId: it.id, ...values });
    expect(submit({})).toThrow('"to"');
    expect(submit({ values: { to: 'ab' } })).toThrow('"to"');
    expect(submit({ values: { to: 'abc' } })).toThrow('"f" may not have 0');
    expect(submit({ values: { to: 'abc' }, files: { f: ['1', '2'] } })).toThrow('uploaded no file');
  });
});

describe('docs.discord.com/developers/interactions/application-commands: a command with', () => {
  const option = { type: 3, name: 'o', description: 'o' };
  test.each<[string, object, object]>([
    ['a name that matches the pattern', { name: 'Share It' }, { 0: { name: {} } }],
    ['a description of "1-100 characters"', { description: '' }, { 0: { description: {} } }],
    [
      '"required options listed before optional options"',
      { options: [option, { ...option, name: 'p', required: true }] },
      { 0: { options: { 1: {} } } },
    ],
    [
      '"max length of 25" options',
      { options: Array.from({ length: 26 }, (_, n) => ({ ...option, name: `o${n}` })) },
      { 0: { options: {} } },
    ],
    ['known option types', { options: [{ ...option, type: 12 }] }, { 0: { options: { 0: { type: {} } } } }],
    [
      'permissions that are a number in a string',
      { default_member_permissions: 'MANAGE_GUILD' },
      { 0: { default_member_permissions: {} } },
    ],
    ['no description in a message command', { type: 3 }, { 0: {} }],
  ])('%s', async (_rule, over, errors) => {
    const put = await call('PUT', `/applications/${APP}/commands`, [{ ...share, ...over }]);
    expect(put).toMatchObject({ status: 400, body: { code: 50035, errors } });
  });

  test('"default_member_permissions": in guilds, for those alone who have all of them; "0" for administrators', async () => {
    const named = (name: string, wanted: string | null) => ({
      ...{ ...share, name, default_member_permissions: wanted },
    });
    const commands = [
      named('open', null),
      named('manage', '32'),
      named('closed', '0'),
      named('read', '1024'),
    ];
    expect(await call('PUT', `/applications/${APP}/commands`, commands)).toMatchObject({ status: 200 });
    const offered = (userId: string, channelId: string) =>
      discord.control
        .sight({ userId })
        .channels.find(({ id }) => id === channelId)
        ?.commands.map(({ name }) => name);
    const all = ['open', 'manage', 'closed', 'read'];
    expect(offered(ADA, GENERAL)).toEqual(all);
    expect(offered(GRACE, GENERAL)).toEqual(['open', 'read']);
    const { channelId } = discord.control.openDirectMessage({ userId: GRACE });
    expect(offered(GRACE, channelId)).toEqual(all);
    discord.control.setManager({ userId: ADA, managesGuilds: false });
    expect(offered(ADA, GENERAL)).toEqual(['open', 'read']);
    discord.control.setManager({ userId: ADA, managesGuilds: true });
    await call('PUT', `/applications/${APP}/commands`, [share]);
  });

  test('another application or a guild without the app is refused, and ids survive an overwrite', async () => {
    expect(await call('PUT', '/applications/1/commands', [])).toMatchObject({
      status: 403,
      body: { code: 20012 },
    });
    expect(await call('PUT', `/applications/${APP}/guilds/${FOREIGN_GUILD}/commands`, [])).toMatchObject({
      body: { code: 50001 },
    });
    const ids = async () =>
      (await call('PUT', `/applications/${APP}/commands`, [share])).body as unknown as { id: string }[];
    expect((await ids())[0]?.id).toBe((await ids())[0]?.id);
  });
});

describe('docs.discord.com/developers/reference and topics/rate-limits', () => {
  test('a wrong bot token is 401, an unknown route 404 with code 0, a broken body 50109', async () => {
    expect(await call('GET', '/users/@me', undefined, 'Bot nope')).toMatchObject({
      status: 401,
      body: { code: 0 },
    });
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 0 } });
    expect(await call('GET', '/gateway/bot', undefined, null)).toMatchObject({ status: 401 });
    const broken = {
      method: 'POST',
      headers: { authorization: `Bot ${TOKEN}`, 'content-type': 'application/json' },
      body: '{',
    };
    expect(await (await fetch(`${discord.url}/api/v10/users/@me/channels`, broken)).json()).toMatchObject({
      code: 50109,
    });
  });

  test('"429 … Retry-After", a service that is down, and limits in every header', async () => {
    discord.faults.rateLimitNext = 1;
    const limited = await call('GET', '/users/@me');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    const fine = await call('GET', '/users/@me');
    expect([fine.status, fine.headers.get('x-ratelimit-remaining')]).toEqual([200, '49']);
    discord.faults.restDown = true;
    expect((await call('GET', '/users/@me')).status).toBe(503);
    discord.faults.restDown = false;
  });
});

describe('docs.discord.com/developers/topics/opcodes-and-status-codes#gateway', () => {
  test.each<[number, string, (bot: Awaited<ReturnType<typeof connect>>) => void]>([
    [
      4001,
      'an invalid opcode',
      (bot) => {
        bot.send(99, null);
      },
    ],
    [
      4002,
      'an invalid payload',
      (bot) => {
        bot.socket.send('nonsense');
      },
    ],
    [
      4002,
      'a payload above 4096 bytes',
      (bot) => {
        bot.send(1, 'x'.repeat(4096));
      },
    ],
    [
      4003,
      'a payload prior to identifying',
      (bot) => {
        bot.send(3, {});
      },
    ],
    [
      4004,
      'an incorrect token',
      (bot) => {
        bot.send(2, { ...identity, token: 'x' });
      },
    ],
    [
      4005,
      'more than one identify',
      (bot) => {
        bot.send(2, identity);
        bot.send(2, identity);
      },
    ],
    [
      4008,
      'payloads too quickly',
      (bot) => {
        for (let count = 0; count < 121; count += 1) bot.send(1, null);
      },
    ],
    [
      4010,
      'an invalid shard',
      (bot) => {
        bot.send(2, { ...identity, shard: [1, 2] });
      },
    ],
    [
      4013,
      'an invalid intent',
      (bot) => {
        bot.send(2, { ...identity, intents: 1 << 30 });
      },
    ],
    [
      4014,
      'a privileged intent that is not enabled',
      (bot) => {
        bot.send(2, { ...identity, intents: 1 << 15 });
      },
    ],
  ])('%i: %s', async (code, _what, act) => {
    const bot = await connect();
    act(bot);
    expect(await bot.closed).toBe(code);
  });

  test('4012: another version; and a client that sends no heartbeat is closed', async () => {
    expect(await (await connect('?v=6&encoding=json')).closed).toBe(4012);
    expect(await (await connect()).closed).toBe(4009);
  });

  test('HELLO comes first, heartbeats are acknowledged, READY has what a client needs', async () => {
    const bot = await connect();
    bot.send(1, null);
    bot.send(2, { ...identity, intents: 1 });
    await bot.got((frame) => frame.t === 'GUILD_CREATE');
    expect(bot.frames.map((frame) => frame.t ?? frame.op)).toEqual([10, 11, 'READY', 'GUILD_CREATE']);
    const fields = ['user', 'guilds', 'session_id', 'resume_gateway_url', 'application', 'shard'];
    expect(Object.keys(bot.frames[2]?.d ?? {})).toEqual(expect.arrayContaining(fields));
    bot.socket.close(1000);
  });

  test('a session is resumed with what it missed, refused after 1000 or with a sequence from the future', async () => {
    const first = await connect();
    first.send(2, identity);
    const ready = await first.got((frame) => frame.t === 'READY');
    const resume = { token: TOKEN, session_id: ready.d['session_id'], seq: 1 };
    first.socket.close(4200);
    await first.closed;
    discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, command: 'share' });
    const future = await connect();
    future.send(6, { ...resume, seq: 99 });
    expect(await future.closed).toBe(4007);
    const second = await connect();
    second.send(6, resume);
    await second.got((frame) => frame.t === 'RESUMED');
    expect(second.frames.map((frame) => frame.t ?? frame.op)).toEqual([10, 'INTERACTION_CREATE', 'RESUMED']);
    second.socket.close(1000);
    await second.closed;
    const third = await connect();
    third.send(6, resume);
    expect((await third.got((frame) => frame.op === 9)).d).toBe(false);
    third.socket.close(1000);
  });
});
