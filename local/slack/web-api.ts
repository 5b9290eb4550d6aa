import express, { type Request, type Response, type Router } from 'express';

import { messages, parseMessageBlocks } from './blocks-validation.js';
import { fileForApp } from './files.js';
import { installationOf, type Installation } from './installations.js';
import { messageObject } from './message-object.js';
import { accessTokens } from './oauth.js';
import { APP, directMessageId, getTeam, PEOPLE, type Person } from './people.js';
import { SlackError } from './slack-error.js';
import { openView, publishHome, pushView, updateView, viewObject, type OpenView } from './views.js';
import { addMessage, channelForApp, type Message, type SlackWorld } from './world.js';

const MAX_TEXT = 40_000;
/** The one method for the app token. */
const APP_METHOD = 'apps.connections.open';
/** The one method without a token. */
const OAUTH_METHOD = 'oauth.v2.access';

type Args = Record<string, unknown>;
type Result = Record<string, unknown>;

interface Method {
  /** The bot scope it needs; null for none. */
  scope: string | null;
  required: string[];
  run(world: SlackWorld, by: Installation, args: Args): Result;
}

const METHODS: Record<string, Method> = {
  'auth.test': method(null, [], authTest),
  'views.open': method(null, ['view', 'trigger_id'], showing(openView)),
  'views.push': method(null, ['view', 'trigger_id'], showing(pushView)),
  'views.update': method(null, ['view'], showing(updateView)),
  'views.publish': method(null, ['view', 'user_id'], showing(publishHome)),
  'chat.postMessage': method('chat:write', ['channel'], postMessage),
  'chat.postEphemeral': method('chat:write', ['channel', 'user'], postEphemeral),
  'chat.update': method('chat:write', ['channel', 'ts'], updateMessage),
  'chat.delete': method('chat:write', ['channel', 'ts'], deleteMessage),
  'conversations.open': method('im:write', ['users'], openConversation),
  'files.info': method('files:read', ['file'], (world, by, { file }) => ({
    file: fileForApp(world, by, file),
  })),
  'users.info': method('users:read', ['user'], userInfo),
};

/** The Web API under `/api/`: refusals are HTTP 200 with `{ok: false, error}`. `openConnection` makes a wss path. */
export function createWebApi(world: SlackWorld, openConnection: (() => string) | null): Router {
  const router = express.Router();
  router.use(express.urlencoded({ extended: false, limit: '4mb' }), express.json({ limit: '4mb' }));
  router.all('/:method', (request, response) => {
    if (world.faults.webApiDown) {
      response.status(503).send('upstream unavailable');
    } else if (world.faults.rateLimitNext > 0) {
      world.faults.rateLimitNext -= 1;
      response.status(429).set('Retry-After', '1').json({ ok: false, error: 'ratelimited' });
    } else {
      answer(request, response);
    }
  });
  return router;

  function answer(request: Request, response: Response): void {
    try {
      response.json({ ok: true, ...result(request, response) });
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      response.json({ ok: false, error: error.code, ...error.detail });
    }
  }

  function result(request: Request, response: Response): Result {
    const name = String(request.params.method);
    const args = argumentsOf(request);
    if (name === OAUTH_METHOD) return accessTokens(world, { ...args, ...basicCredentials(request) });
    const called = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (!called && name !== APP_METHOD) throw new SlackError('unknown_method', { req_method: name });
    const token = tokenOf(request, args);
    if (!token) throw new SlackError('not_authed');
    const isAppToken = token === world.appToken;
    const by = isAppToken ? null : installationOf(world, token);
    if (!called) return connectionsOpen(isAppToken);
    if (!by) throw new SlackError('not_allowed_token_type');
    response.set('X-OAuth-Scopes', by.scopes.join(','));
    refuseMissing(called, by, args);
    return called.run(world, by, args);
  }

  function connectionsOpen(isAppToken: boolean): Result {
    if (!isAppToken) throw new SlackError('not_allowed_token_type');
    if (!openConnection) throw new SlackError('socket_mode_not_enabled');
    return { url: world.url.replace('http:', 'ws:') + openConnection() };
  }
}

// Form fields are strings, with JSON in those that are objects: `view=…&blocks=…`.
function argumentsOf(request: Request): Args {
  const raw: Args = { ...request.query, ...(request.body as Args | undefined) };
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, decode(name, value)]));
}

function decode(name: string, value: unknown): unknown {
  if ((name !== 'view' && name !== 'blocks') || typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw name === 'blocks' ? new SlackError('invalid_blocks_format') : new SlackError('invalid_arguments');
  }
}

function tokenOf(request: Request, args: Args): string | undefined {
  return request.get('authorization')?.replace(/^Bearer /, '') ?? (args.token as string | undefined);
}

// "If possible … supply the Client ID and Client Secret using the HTTP Basic authentication scheme."
function basicCredentials(request: Request): Args {
  const [, encoded] = /^Basic (.+)$/i.exec(request.get('authorization') ?? '') ?? [];
  if (encoded === undefined) return {};
  const [client_id, ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return { client_id, client_secret: secret.join(':') };
}

function refuseMissing({ scope, required }: Method, { scopes }: Installation, args: Args): void {
  if (scope && !scopes.includes(scope)) {
    throw new SlackError('missing_scope', { needed: scope, provided: scopes.join(',') });
  }
  const missing = required.filter((each) => args[each] === undefined);
  const texts = missing.map((each) => `missing required field: ${each}`);
  if (texts.length) throw new SlackError('invalid_arguments', messages(...texts));
}

function method(scope: Method['scope'], required: string[], run: Method['run']): Method {
  return { scope, required, run };
}

function showing(change: (world: SlackWorld, by: Installation, args: Args) => OpenView): Method['run'] {
  return (world, by, args) => ({ view: viewObject(world, change(world, by, args)) });
}

// That an org-wide token answers with the organisation as its team is unconfirmed by the documentation.
function authTest(world: SlackWorld, { teamId, isEnterpriseInstall }: Installation): Result {
  const { enterprise } = world;
  const bot = { user: APP.name, user_id: APP.botUserId, bot_id: APP.botId };
  const where = teamId === null ? enterprise : getTeam(teamId);
  return {
    ...{ url: `${world.url}/`, team: where?.name, team_id: where?.id, ...bot },
    ...{ ...(enterprise && { enterprise_id: enterprise.id }), is_enterprise_install: isEnterpriseInstall },
  };
}

function postMessage(world: SlackWorld, by: Installation, args: Args): Result {
  const { id: channelId } = channelForApp(world, by, args.channel);
  const threadTs = typeof args.thread_ts === 'string' ? args.thread_ts : null;
  const message = addMessage(world, { ...textAndBlocks(args), channelId, userId: APP.botUserId, threadTs });
  return { channel: channelId, ts: message.ts, message: messageObject(world, message) };
}

function postEphemeral(world: SlackWorld, by: Installation, args: Args): Result {
  const { id: channelId, memberIds } = channelForApp(world, by, args.channel);
  const onlyFor = String(args.user);
  if (!memberIds.includes(onlyFor)) throw new SlackError('user_not_in_channel');
  const { ts } = addMessage(world, { ...textAndBlocks(args), channelId, userId: APP.botUserId, onlyFor });
  return { message_ts: ts };
}

function updateMessage(world: SlackWorld, by: Installation, args: Args): Result {
  const message = ownMessage(world, by, args, 'cant_update_message');
  Object.assign(message, textAndBlocks(args));
  const { channelId: channel, ts, text } = message;
  return { channel, ts, text, message: messageObject(world, message) };
}

function deleteMessage(world: SlackWorld, by: Installation, args: Args): Result {
  const message = ownMessage(world, by, args, 'cant_delete_message');
  world.messages = world.messages.filter((each) => each !== message);
  return { channel: message.channelId, ts: message.ts };
}

// An ephemeral message cannot be reached by chat.update or chat.delete, only through its response_url.
function ownMessage(world: SlackWorld, by: Installation, args: Args, refusal: string): Message {
  const { id } = channelForApp(world, by, args.channel);
  const message = world.messages.find((each) => each.ts === args.ts);
  if (message?.channelId !== id || message.onlyFor) throw new SlackError('message_not_found');
  if (message.userId !== APP.botUserId) throw new SlackError(refusal);
  return message;
}

function textAndBlocks(args: Args): Pick<Message, 'text' | 'blocks'> {
  const blocks = parseMessageBlocks(args.blocks ?? []);
  const text = typeof args.text === 'string' ? args.text : '';
  if (!text && !blocks.length) throw new SlackError('no_text');
  if (text.length > MAX_TEXT) throw new SlackError('msg_too_long');
  return { text, blocks };
}

function openConversation(_world: SlackWorld, by: Installation, { users }: Args): Result {
  return { channel: { id: directMessageId(personCalled(by, users).id) } };
}

function userInfo(_world: SlackWorld, by: Installation, { user }: Args): Result {
  const { id, teamId, name, realName } = personCalled(by, user);
  return { user: { id, team_id: teamId, name, real_name: realName, deleted: false, is_bot: false } };
}

function personCalled({ teamIds }: Installation, userId: unknown): Person {
  const person = PEOPLE.find(({ id, teamId }) => id === userId && teamIds.includes(teamId));
  if (!person) throw new SlackError('user_not_found');
  return person;
}
