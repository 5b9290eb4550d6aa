import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { signRequest } from '../../local/slack/signed-http.js';
import type { Envelope } from '../../local/slack/app-door.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { findFreePorts } from '../../local/start/ports.js';
import { createAccount } from '../support/accounts.js';
import { breakage } from '../support/broken-payloads.js';
import { linkSecrets } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { startBot, type BotProcess } from '../support/start-bot.js';
import {
  ADA as DISCORD_ADA,
  APPLICATION_ID,
  GENERAL as DISCORD_GENERAL,
  settingsFor,
  TOKEN,
} from './discord-rig.js';
import { ADA, ADA_DM, GENERAL, installApp, SIGNING_SECRET, startSlackOverHttp, TEAM } from './slack-rig.js';

const SOCKET_TOKENS = { botToken: 'xoxb-secret', appToken: 'xapp-secret' };
const ANSWER_MS = 30_000;
const GUILD_MESSAGE = '700000000000000001';

/** Every name, address and token of these payloads has it, and no line of the log may. */
const UNSPOKEN = /secret/i;

/** Fixed, so that a run fails for what has changed and for nothing else; another number looks for more. */
const SEED = 835984976;

let database: OpenTestDatabase;
let socketDatabase: OpenTestDatabase;
let dataDir: string;
/** Over HTTP, and by Socket Mode, each with a bot and a database of its own. */
let slack: LocalSlack;
let socketSlack: LocalSlack;
let discord: LocalDiscord;
let bot: BotProcess;
let socketBot: BotProcess;
let slackUrl: string;
/** The Slack that payloads are of, and a file there. */
let aim: { url: string; fileId: string };
const files = new Map<LocalSlack, string>();
let attachment: { id: string } & object;
const discordTokens: string[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'broken-payloads-'));
  const [port = 0] = await findFreePorts(1);
  slackUrl = `http://127.0.0.1:${port}`;
  const botPath = await getBuilt('bot.js');
  [database, socketDatabase, discord, slack, socketSlack] = await Promise.all([
    openTestDatabase(),
    openTestDatabase(),
    startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID }),
    startSlackOverHttp(slackUrl, { dataDir }),
    startSlack({ port: 0, dataDir: path.join(dataDir, 'socket'), ...SOCKET_TOKENS }),
  ]);
  await registerCommands(settingsFor(discord));
  const common = { LOG_LEVEL: 'debug', LINK_SECRET: linkSecrets[0], PORTAL_URL: 'http://127.0.0.1:3000' };
  const overHttp = startBot(botPath, {
    ...{ ...common, DATABASE_URL: database.connectionString, BOT_PORT: String(port) },
    ...{ SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 'client-secret', SLACK_SIGNING_SECRET: SIGNING_SECRET },
    ...{ SLACK_TOKEN_KEY: randomBytes(32).toString('base64'), SLACK_PUBLIC_URL: slackUrl },
    ...{ SLACK_API_URL: `${slack.url}/api/`, SLACK_FILE_HOSTS: new URL(slack.url).host },
    ...{
      DISCORD_TOKEN: TOKEN,
      DISCORD_APPLICATION_ID: APPLICATION_ID,
      DISCORD_API_URL: `${discord.url}/api`,
    },
  });
  const bySocket = startBot(botPath, {
    ...{ ...common, DATABASE_URL: socketDatabase.connectionString },
    ...{ SLACK_BOT_TOKEN: SOCKET_TOKENS.botToken, SLACK_APP_TOKEN: SOCKET_TOKENS.appToken },
    ...{ SLACK_API_URL: `${socketSlack.url}/api/`, SLACK_FILE_HOSTS: new URL(socketSlack.url).host },
  });
  [bot, socketBot] = await Promise.all([overHttp, bySocket]);
  await installApp(slack, slackUrl, { userId: ADA });
  await connect(database, 'SLACK', TEAM, ADA);
  await connect(socketDatabase, 'SLACK', TEAM, ADA);
  await connect(database, 'DISCORD', '', DISCORD_ADA);
  const source = Buffer.from('some bytes');
  const upload = {
    userId: ADA,
    channelId: GENERAL,
    name: 'secret-plan.pdf',
    mimetype: 'application/pdf',
    source,
  };
  for (const each of [slack, socketSlack]) files.set(each, (await each.control.uploadFile(upload)).fileId);
  attachment = await discord.control.uploadFile({
    ...{ userId: DISCORD_ADA, channelId: DISCORD_GENERAL, name: 'secret-plan.pdf', bytes: source },
  });
});

afterAll(async () => {
  await Promise.all([bot.end('SIGKILL'), socketBot.end('SIGKILL')]);
  await Promise.all([slack.close(), socketSlack.close(), discord.close()]);
  await Promise.all([database.release(), socketDatabase.release()]);
  await rm(dataDir, { recursive: true, force: true });
});

afterEach(async () => {
  await settle();
  // A promise that nobody handles ends the process, as any error that nobody catches.
  for (const each of [bot, socketBot]) expect(each.child.exitCode, each.output().slice(-3_000)).toBeNull();
  const lines = `${bot.output()}\n${socketBot.output()}`.split('\n');
  expect(lines.filter((line) => UNSPOKEN.test(line)).slice(0, 3)).toEqual([]);
  expect(lines.filter((line) => discordTokens.some((token) => line.includes(token))).slice(0, 3)).toEqual([]);
});

/** Somebody who is asked before anything is sent, as everybody is to begin with. */
async function connect(
  { db }: OpenTestDatabase,
  platform: 'SLACK' | 'DISCORD',
  workspaceId: string,
  userId: string,
): Promise<void> {
  const { id: accountId } = await createAccount(db);
  const who = { platform, workspaceId, userId, userName: '@ada', workspaceName: 'acme' };
  await db.chatIdentity.create({ data: { accountId, ...who } });
}

/** Until the bots say no more about what they were given. */
async function settle(): Promise<void> {
  const bots = [bot, socketBot];
  const said = (): number => bots.reduce((sum, each) => sum + each.output().length, 0);
  let seen = -1;
  while (seen !== said() && bots.every(({ child }) => child.exitCode === null)) {
    seen = said();
    await wait(150);
  }
}

function post(body: string, contentType: string): Promise<Response> {
  const headers = {
    'content-type': contentType,
    ...signRequest(SIGNING_SECRET, body, Math.floor(Date.now() / 1000)),
  };
  const signal = AbortSignal.timeout(ANSWER_MS);
  return fetch(`${slackUrl}/slack/events`, { method: 'POST', body, headers, signal });
}

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

const buttons = [
  ...['choose-files:ann@secret.example', 'history:1', 'settings', 'set:nonsense:off', 'connect', 'dismiss'],
  ...['fix', 'show', 'revoke', 'extend', 'resend', 'link', 'send-draft', 'discard-draft', 'confirm-link'].map(
    (action) => `${action}:${randomUUID()}`,
  ),
  ...['nothing-of-ours', 'revoke:no-uuid', '', ':::'],
];

const basics = () => ({
  ...{ token: 'secret-token', api_app_id: 'A1', trigger_id: randomBytes(8).toString('hex') },
  response_url: `${aim.url}/responses/secret-token`,
});

const interactive = (about: object) => ({
  ...basics(),
  ...{ team: { id: TEAM, domain: 'acme' }, user: { id: ADA, username: 'ada', name: 'ada', team_id: TEAM } },
  ...{ enterprise: null, is_enterprise_install: false },
  ...about,
});

const textCommand = (text: string) => ({
  ...basics(),
  ...{ team_id: TEAM, team_domain: 'acme', channel_id: GENERAL, channel_name: 'general' },
  ...{ user_id: ADA, user_name: 'ada', command: '/share', text },
});

const pressed = (value: string) =>
  interactive({
    ...{ type: 'block_actions', container: { type: 'message', message_ts: '1.2', channel_id: GENERAL } },
    channel: { id: GENERAL, name: 'general' },
    actions: [
      { type: 'button', block_id: 'b', action_id: 'a', value, text: { type: 'plain_text', text: 'x' } },
    ],
  });

const metadata = {
  url: '',
  until: Date.now() + 60_000,
  left: 5,
  language: 'en',
  files: [],
  channel: undefined,
};

const submitted = () =>
  interactive({
    type: 'view_submission',
    view: {
      ...{ id: `V${randomUUID()}`, team_id: TEAM, app_id: 'A1', type: 'modal', callback_id: 'share-form' },
      ...{ hash: 'h', private_metadata: JSON.stringify(metadata), root_view_id: 'V1', blocks: [] },
      state: {
        values: {
          files: { files: { type: 'file_input', files: [{ id: aim.fileId, name: 'secret-plan.pdf' }] } },
          emails: { emails: { type: 'plain_text_input', value: 'ann@secret.example' } },
          message: { message: { type: 'plain_text_input', value: null } },
          lifetime: { lifetime: { type: 'static_select', selected_option: { value: '7' } } },
        },
      },
    },
  });

const filesOfMessage = () => [
  { id: aim.fileId, name: 'secret-plan.pdf', mimetype: 'application/pdf', size: 10 },
];

const onMessage = () =>
  interactive({
    ...{ type: 'message_action', callback_id: 'share_message', action_ts: '1.2', message_ts: '1.2' },
    ...{ channel: { id: GENERAL, name: 'general' } },
    message: { type: 'message', user: ADA, ts: '1.2', text: 'ann@secret.example', files: filesOfMessage() },
  });

const event = (about: object, teamId = TEAM) => ({
  ...{ token: 'secret-token', api_app_id: 'A1', team_id: teamId, context_team_id: teamId },
  ...{ type: 'event_callback', event_id: `Ev${randomUUID()}`, event_time: Math.floor(Date.now() / 1000) },
  authorizations: [{ enterprise_id: null, team_id: teamId, user_id: 'U0BOT', is_bot: true }],
  event: about,
});

const directMessage = (text: string) => ({
  ...{
    type: 'message',
    subtype: 'file_share',
    channel_type: 'im',
    channel: ADA_DM,
    user: ADA,
    ts: '1.2',
    text,
  },
  files: filesOfMessage(),
});

/** How each kind that Slack sends looks; those of uninstalling are of another workspace. */
type SlackPayload = { form: object } | { payload: object } | { json: object };
const slackKinds: Record<string, () => SlackPayload> = {
  'command help': () => ({ form: textCommand('help') }),
  'command without a word': () => ({ form: textCommand('') }),
  'command with an address': () => ({ form: textCommand('ann@secret.example') }),
  'command history': () => ({ form: textCommand('history') }),
  'another command': () => ({ form: { ...textCommand(''), command: '/other' } }),
  submission: () => ({ payload: submitted() }),
  'message shortcut': () => ({ payload: onMessage() }),
  'global shortcut': () => ({ payload: interactive({ type: 'shortcut', callback_id: 'share_new' }) }),
  'another shortcut': () => ({ payload: interactive({ type: 'shortcut', callback_id: 'other' }) }),
  'closed form': () => ({ payload: { ...submitted(), type: 'view_closed', is_cleared: false } }),
  suggestion: () => ({
    payload: { ...pressed('x'), type: 'block_suggestion', actions: undefined, value: 'a' },
  }),
  dialog: () => ({ payload: interactive({ type: 'dialog_submission', callback_id: 'c', submission: {} }) }),
  'old button': () => ({ payload: { ...pressed('x'), type: 'interactive_message', callback_id: 'c' } }),
  'unknown interaction': () => ({ payload: interactive({ type: 'of_tomorrow' }) }),
  'direct message': () => ({ json: event(directMessage('<mailto:ann@secret.example|ann@secret.example>')) }),
  'file shared': () => ({
    json: event({
      ...{
        type: 'file_shared',
        file_id: aim.fileId,
        file: { id: aim.fileId },
        user_id: ADA,
        channel_id: GENERAL,
      },
      event_ts: String(Date.now() / 1000),
    }),
  }),
  'home opened': () => ({
    json: event({ type: 'app_home_opened', user: ADA, channel: ADA_DM, tab: 'home' }),
  }),
  uninstalled: () => ({ json: event({ type: 'app_uninstalled' }, 'T0OTHER001') }),
  'tokens revoked': () => ({
    json: event({ type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0BOT'] } }, 'T0OTHER001'),
  }),
  'unknown event': () => ({ json: event({ type: 'reaction_added', item: { channel: GENERAL } }) }),
  'function executed': () => ({ json: event({ type: 'function_executed', inputs: {} }) }),
  'rate limited': () => ({ json: { token: 'secret-token', type: 'app_rate_limited', team_id: TEAM } }),
};

const slackCase = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(slackKinds)) },
  { weight: 1, arbitrary: fc.constantFrom(...buttons).map((value) => `button ${value}`) },
);

function makePayload(kind: string): SlackPayload {
  return slackKinds[kind]?.() ?? { payload: pressed(kind.slice('button '.length)) };
}

function aimAt(target: LocalSlack): void {
  aim = { url: target.url, fileId: files.get(target) ?? '' };
}

test('Slack gets an acknowledgement for whatever it sends, and nothing is half made', async () => {
  aimAt(slack);
  await fc.assert(
    fc.asyncProperty(slackCase, breakage, async (kind, damage) => {
      const { body, type } = encode(makePayload(kind), damage);
      const { status } = await post(body, type);
      // A body that is larger than any of Slack's is not read to its end.
      expect(body.length > 512 * 1024 ? [401, 413] : [200]).toContain(status);
    }),
    { seed: SEED, numRuns: 220, endOnFailure: false },
  );
  await settle();
  await expectNothingHalfMade(database, 'slack:V');
});

function encode(
  made: SlackPayload,
  damage: (payload: object) => { payload: Record<string, unknown> },
): { body: string; type: string } {
  if ('json' in made) return { body: JSON.stringify(damage(made.json).payload), type: JSON_TYPE };
  if ('payload' in made) {
    const payload = JSON.stringify(damage(made.payload).payload);
    return { body: new URLSearchParams({ payload }).toString(), type: FORM };
  }
  const fields = Object.entries(damage(made.form).payload).flatMap(([name, value]) =>
    // A form has texts alone, and may have a field several times.
    (Array.isArray(value) ? value.slice(0, 50) : [value]).map((each) => [
      name,
      typeof each === 'string' ? each : JSON.stringify(each),
    ]),
  );
  return { body: new URLSearchParams(fields as [string, string][]).toString(), type: FORM };
}

const bodies: [what: string, body: string, type: string, status: number][] = [
  ['no JSON', '{"type":', JSON_TYPE, 400],
  ['null', 'null', JSON_TYPE, 400],
  ['a number', '5', JSON_TYPE, 400],
  ['a text', '"secret"', JSON_TYPE, 400],
  ['a list', '[{"type":"event_callback"}]', JSON_TYPE, 400],
  ['a form with null', 'payload=null', FORM, 400],
  ['a form with no JSON', 'payload=secret', FORM, 400],
  ['a form of another time', 'payload=%7B%7D&payload=%7B%7D', FORM, 200],
  ['nothing', '', FORM, 200],
  ['an empty object', '{}', JSON_TYPE, 200],
  ['a very deep one', '['.repeat(200_000) + ']'.repeat(200_000), JSON_TYPE, 400],
  ['a strange type', '{"type":"x"}', 'text/secret', 200],
  ['the check of an address', '{"type":"url_verification","challenge":"c"}', JSON_TYPE, 200],
];

test('a signed body that is no payload is answered', async () => {
  const answers = await Promise.all(bodies.map(([, body, type]) => post(body, type)));
  const seen = bodies.map(([what], n) => `${what}: ${answers[n]?.status}`);
  expect(seen).toEqual(bodies.map(([what, , , status]) => `${what}: ${status}`));
});

/** The same by Socket Mode, where forms are JSON too. */
function wrap(
  made: SlackPayload,
  damage: (payload: object) => { payload: Record<string, unknown> },
): Pick<Envelope, 'type' | 'payload'> {
  if ('json' in made) return { type: 'events_api', payload: damage(made.json).payload };
  if ('payload' in made) return { type: 'interactive', payload: damage(made.payload).payload };
  return { type: 'slash_commands', payload: damage(made.form).payload };
}

async function deliver(envelope: Pick<Envelope, 'type' | 'payload'>): Promise<void> {
  const acceptsResponsePayload = envelope.type !== 'events_api';
  const answer = await socketSlack.socketMode?.deliver({ ...envelope, acceptsResponsePayload });
  expect(answer?.outcome, JSON.stringify(envelope).slice(0, 600)).toBe('acknowledged');
}

test('the same by Socket Mode', async () => {
  aimAt(socketSlack);
  await fc.assert(
    fc.asyncProperty(slackCase, breakage, (kind, damage) => deliver(wrap(makePayload(kind), damage))),
    { seed: SEED, numRuns: 120, endOnFailure: false },
  );
  await settle();
  await expectNothingHalfMade(socketDatabase, 'slack:V');
});

test('an envelope with no payload is acknowledged, and what is no envelope ends nothing', async () => {
  const types = ['slash_commands', 'interactive', 'events_api'] as const;
  const payloads: unknown[] = [null, 5, 'secret', [], {}, { event: null }, { event: { type: 'error' } }];
  for (const type of types)
    for (const payload of payloads) await deliver({ type, payload: payload as Envelope['payload'] });
  for (const text of ['null', '5', '"secret"', '[]', '{}', '{"type":', '{"type":null,"envelope_id":{}}', ''])
    socketSlack.socketMode?.say(text);
  aimAt(socketSlack);
  await deliver(wrap(makePayload('command help'), (payload) => ({ payload: { ...payload } })));
  expect(socketSlack.socketMode?.connectionCount()).toBe(1);
});

const option = (name: string, type: number, value: unknown) => ({ name, type, value });

/** Types: 2 a command, 3 a component, 5 a form. */
const discordKinds: Record<string, () => { type: number; data: object; messageId?: string }> = {
  'share with a file': () => ({
    type: 2,
    data: {
      ...{ id: '800000000000000001', name: 'share', type: 1 },
      options: [
        option('file', 11, attachment.id),
        option('emails', 3, 'ann@secret.example'),
        option('message', 3, 'secret words'),
        option('expires', 4, 7),
      ],
      resolved: { attachments: { [attachment.id]: attachment } },
    },
  }),
  'share without a file': () => ({
    type: 2,
    data: {
      ...{ id: '800000000000000001', name: 'share', type: 1 },
      options: [option('emails', 3, 'ann@secret.example'), option('message', 3, 'secret words')],
    },
  }),
  help: () => ({
    type: 2,
    data: {
      ...{ id: '800000000000000002', name: 'passalong', type: 1 },
      options: [{ name: 'help', type: 1, options: [] }],
    },
  }),
  'command of a message': () => ({
    type: 2,
    data: {
      ...{ id: '800000000000000003', name: 'Share files by email', type: 3, target_id: GUILD_MESSAGE },
      resolved: { messages: { [GUILD_MESSAGE]: guildMessage() } },
    },
  }),
  form: () => ({
    type: 5,
    data: {
      custom_id: 'share-form',
      components: [
        { id: 1, type: 18, component: { id: 2, type: 19, custom_id: 'files', values: [attachment.id] } },
        { id: 3, type: 18, component: { id: 4, type: 4, custom_id: 'emails', value: 'ann@secret.example' } },
        { id: 5, type: 18, component: { id: 6, type: 4, custom_id: 'message', value: '' } },
        { id: 7, type: 18, component: { id: 8, type: 3, custom_id: 'lifetime', values: ['7'] } },
      ],
      resolved: { attachments: { [attachment.id]: attachment } },
    },
  }),
};

const guildMessage = () => ({
  ...{ id: GUILD_MESSAGE, type: 0, channel_id: DISCORD_GENERAL, content: 'ann@secret.example', embeds: [] },
  author: { id: DISCORD_ADA, username: 'ada', discriminator: '0', avatar: null, bot: false },
  ...{
    components: [],
    attachments: [attachment],
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
  },
  ...{ flags: 0, mentions: [], mention_roles: [], mention_everyone: false, pinned: false, tts: false },
});

const discordCase = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(discordKinds)) },
  { weight: 1, arbitrary: fc.constantFrom(...buttons).map((value) => `button ${value}`) },
);

/** What says that an interaction is one, of which kind, and how it is answered. */
const IDENTIFYING =
  /^(id|token|type|application_id|data|data\.(type|component_type)|channel(\.(id|type|guild_id))?)$/;

test('Discord gets an answer to every interaction that has its id, token and kind', async () => {
  await fc.assert(
    fc.asyncProperty(discordCase, breakage, async (kind, damage) => {
      const { id: messageId } = shownMessage();
      const press = () => ({
        type: 3,
        data: { id: 1, component_type: 2, custom_id: kind.slice('button '.length) },
        sourceMessageId: messageId,
      });
      let touched: string[] = [];
      const { interactionId } = discord.control.interact({
        ...{ userId: DISCORD_ADA, channelId: DISCORD_GENERAL },
        ...(discordKinds[kind] ?? press)(),
        change: (payload) => {
          discordTokens.push((payload as { token: string }).token);
          const broken = damage(payload);
          ({ touched } = broken);
          return broken.payload;
        },
      });
      if (touched.some((place) => IDENTIFYING.test(place))) return;
      const isAnswered = (it: { acknowledged: boolean }) => it.acknowledged;
      await discord.control.waitFor(interactionId, isAnswered);
    }),
    { seed: SEED, numRuns: 200, endOnFailure: false },
  );
  await settle();
  await expectNothingHalfMade(database, 'discord:');
});

/** A message of ours with something to press. */
let shown: { id: string } | undefined;
function shownMessage(): { id: string } {
  shown ??= {
    id: discord.control.postMessage({ ...{ userId: DISCORD_ADA, channelId: DISCORD_GENERAL }, content: 'x' })
      .messageId,
  };
  return shown;
}

test('Discord says what it likes about messages and other events, and the bot goes on', async () => {
  const mention = { id: APPLICATION_ID, username: 'passalong', discriminator: '0', avatar: null, bot: true };
  const kinds = fc.constantFrom(
    'MESSAGE_CREATE',
    'MESSAGE_UPDATE',
    'GUILD_CREATE',
    'CHANNEL_CREATE',
    'OF_TOMORROW',
  );
  await fc.assert(
    fc.asyncProperty(kinds, fc.boolean(), breakage, async (name, isDirect, damage) => {
      const message = {
        ...guildMessage(),
        id: String(10n ** 17n + BigInt(`0x${randomBytes(6).toString('hex')}`)),
      };
      const where = isDirect ? {} : { guild_id: '200000000000000001', mentions: [mention] };
      discord.control.dispatch(name, damage({ ...message, ...where }).payload);
      await wait(2);
    }),
    { seed: SEED, numRuns: 150, endOnFailure: false },
  );
  discord.control.dispatch('MESSAGE_CREATE', JSON.parse('[null]') as object);
  await settle();
  const { interactionId } = discord.control.interact({
    ...{ userId: DISCORD_ADA, channelId: DISCORD_GENERAL, ...discordKinds['help']!() },
  });
  await discord.control.waitFor(interactionId, ({ message }) => message?.content.includes('/share') === true);
  await expectNothingHalfMade(database, 'discord:');
});

/** A share that exists was asked for by a whole form: it has files, addresses and a request key of that form. */
async function expectNothingHalfMade({ db }: OpenTestDatabase, keyOfForm: string): Promise<void> {
  const include = { attachments: true, recipients: true };
  const shares = await db.share.findMany({ include });
  const own = shares.filter(({ requestKey }) => requestKey.startsWith(keyOfForm.split(':', 1)[0] ?? ''));
  for (const { requestKey, attachments, recipients } of own) {
    expect(requestKey.startsWith(keyOfForm), requestKey).toBe(true);
    expect(attachments.length * recipients.length, requestKey).toBeGreaterThan(0);
  }
}
