import express, { Router, type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { createHash } from 'node:crypto';

import { saveCommands } from './commands-file.js';
import { DiscordError, invalidFormBody, refusal } from './discord-error.js';
import type { Gateway } from './gateway.js';
import type { Interactions } from './interactions.js';
import { createMessage, deleteMessage, editMessage, getMessage } from './messages.js';
import { applicationObject, channelObject, messageObject, userObject } from './objects.js';
import { parseCommands } from './validate-command.js';
import { EPHEMERAL, parseMessage } from './validate-message.js';
import { findDirectMessageChannel, type Channel, type StoredMessage, type World } from './world.js';

const RETRY_AFTER_SECONDS = 1;
const MAX_IDENTIFIES_PER_DAY = 1000;

type CommandRequest = Request<{ applicationId?: string; guildId?: string }>;

/** The REST API, version 10: the routes that a bot of this project needs, and 404 for every other. */
export function createRest(world: World, gateway: Gateway, interactions: Interactions): Router {
  const router = Router();
  router.use(faults(world), rateLimitHeaders, noUploads, express.json({ limit: '1mb' }));

  router.post('/interactions/:id/:token/callback', (request, response) => {
    const result = interactions.answer(request.params.id, request.params.token, request.body);
    if (request.query['with_response'] === 'true') response.json(result);
    else response.status(204).end();
  });
  router
    .route('/webhooks/:applicationId/:token')
    .all(ownWebhook(world))
    .post(({ params, body }, response) => void response.json(interactions.followUp(params.token, body)));
  router
    .route('/webhooks/:applicationId/:token/messages/:messageId')
    .all(ownWebhook(world))
    .get(({ params }, response) => void response.json(interactions.read(params.token, params.messageId)))
    .patch(
      ({ params, body }, response) =>
        void response.json(interactions.edit(params.token, params.messageId, body)),
    )
    .delete(({ params }, response) => {
      interactions.remove(params.token, params.messageId);
      response.status(204).end();
    });

  router.use(authorized(world));
  router.get('/gateway/bot', (_request, response) => {
    const remaining = MAX_IDENTIFIES_PER_DAY - gateway.identifies();
    const limit = { total: MAX_IDENTIFIES_PER_DAY, remaining, reset_after: 86_400_000, max_concurrency: 1 };
    response.json({ url: world.baseUrl.replace('http', 'ws'), shards: 1, session_start_limit: limit });
  });
  router.get(
    ['/applications/@me', '/oauth2/applications/@me'],
    (_request, response) => void response.json(applicationObject(world)),
  );
  router.get('/users/:userId', ({ params: { userId } }, response) => {
    const id = userId === '@me' ? world.applicationId : userId;
    if (id !== world.applicationId && !world.people.has(id)) throw refusal('unknownUser');
    response.json(userObject(world, id));
  });
  router.post(
    '/users/@me/channels',
    (request: Request<object, unknown, { recipient_id?: string }>, response) => {
      const channel = findDirectMessageChannel(world, request.body.recipient_id ?? '');
      if (!channel) throw refusal('invalidRecipient');
      response.json(channelObject(world, channel));
    },
  );
  router
    .route(['/applications/:applicationId/commands', '/applications/:applicationId/guilds/:guildId/commands'])
    .get((request, response) => void response.json(world.commands.get(commandScope(world, request)) ?? []))
    .put((request, response) => void response.json(overwriteCommands(world, request)));
  addChannelRoutes(router, world);

  router.use(() => {
    throw refusal('notFound');
  });
  router.use(sayError);
  return router;
}

function addChannelRoutes(router: Router, world: World): void {
  router.get(
    '/channels/:channelId',
    ({ params }, response) => void response.json(channelObject(world, reach(world, params.channelId))),
  );
  router
    .route('/channels/:channelId/messages')
    .get(({ params, query }, response) => {
      const { id } = reach(world, params.channelId);
      const public_ = [...world.messages.values()].filter(
        (it) => it.channelId === id && !it.isDeleted && !it.onlyFor,
      );
      const limit = Math.min(Number(query['limit'] ?? 50), 100);
      response.json(
        public_
          .reverse()
          .slice(0, limit)
          .map((it) => messageObject(world, it, true)),
      );
    })
    .post(({ params, body }, response) => {
      const channel = reach(world, params.channelId);
      if (channel.recipientId && world.faults.dmClosed.includes(channel.recipientId))
        throw refusal('dmClosed');
      const parsed = parseMessage(body);
      if ((parsed.flags ?? 0) & EPHEMERAL)
        throw invalidFormBody([{ path: ['flags'], code: 'MESSAGE_FLAGS_INVALID' }]);
      const message = createMessage(world, { channelId: channel.id, authorId: world.applicationId }, parsed);
      response.json(messageObject(world, message));
    });
  router
    .route('/channels/:channelId/messages/:messageId')
    .get(({ params }, response) => void response.json(messageObject(world, messageIn(world, params), true)))
    .patch(({ params, body }, response) => {
      const message = messageIn(world, params);
      if (message.authorId !== world.applicationId) throw refusal('notYourMessage');
      response.json(messageObject(world, editMessage(world, message, parseMessage(body, [], message.flags))));
    })
    .delete(({ params }, response) => {
      const message = messageIn(world, params);
      if (message.authorId !== world.applicationId) throw refusal('missingPermissions');
      deleteMessage(world, message);
      response.status(204).end();
    });
}

function faults(world: World): RequestHandler {
  return (_request, response, next) => {
    if (world.faults.restDown) {
      response.status(503).end();
    } else if (world.faults.rateLimitNext > 0) {
      world.faults.rateLimitNext -= 1;
      response.set({ 'Retry-After': String(RETRY_AFTER_SECONDS), 'X-RateLimit-Scope': 'user' });
      response
        .status(429)
        .json({ message: 'You are being rate limited.', retry_after: RETRY_AFTER_SECONDS, global: false });
    } else {
      next();
    }
  };
}

/** @see https://docs.discord.com/developers/topics/rate-limits#header-format */
const rateLimitHeaders: RequestHandler = (request, response, next) => {
  const bucket = createHash('md5')
    .update(`${request.method} ${request.path.replace(/[^/]{40,}/, '').replace(/\d{15,}/g, ':id')}`)
    .digest('hex');
  response.set({
    'X-RateLimit-Limit': '50',
    'X-RateLimit-Remaining': '49',
    'X-RateLimit-Reset-After': '1.000',
    'X-RateLimit-Reset': String(Date.now() / 1000 + 1),
    'X-RateLimit-Bucket': bucket,
  });
  next();
};

const noUploads: RequestHandler = (request, _response, next) => {
  if (request.headers['content-type']?.startsWith('multipart/')) throw refusal('uploadsNotSupported');
  next();
};

function authorized(world: World): RequestHandler {
  return (request, _response, next) => {
    if (request.headers.authorization !== `Bot ${world.token}`) throw refusal('unauthorized');
    next();
  };
}

function ownWebhook(world: World): RequestHandler {
  return (request, _response, next) => {
    if (request.params['applicationId'] !== world.applicationId) throw refusal('unknownWebhook');
    next();
  };
}

function commandScope(world: World, { params: { applicationId, guildId } }: CommandRequest): string {
  if (applicationId !== world.applicationId) throw refusal('wrongApplication');
  if (guildId && !world.guilds.get(guildId)?.hasApp) throw refusal('missingAccess');
  return guildId ?? 'global';
}

function overwriteCommands(world: World, request: CommandRequest) {
  const scope = commandScope(world, request);
  const before = world.commands.get(scope) ?? [];
  const commands = parseCommands(request.body, scope !== 'global').map((command) => ({
    ...command,
    id: before.find((it) => it.type === command.type && it.name === command.name)?.id ?? world.snowflake(),
    application_id: world.applicationId,
    version: world.snowflake(),
    description: command.description ?? '',
    ...(scope === 'global' ? {} : { guild_id: scope }),
  }));
  world.commands.set(scope, commands);
  saveCommands(world.commandsFile, world.commands);
  return commands;
}

function reach(world: World, channelId: string): Channel {
  const channel = world.channels.get(channelId);
  if (!channel) throw refusal('unknownChannel');
  if (channel.guildId && !world.guilds.get(channel.guildId)?.hasApp) throw refusal('missingAccess');
  return channel;
}

function messageIn(world: World, params: { channelId: string; messageId: string }): StoredMessage {
  const message = getMessage(world, params.messageId);
  if (message.channelId !== reach(world, params.channelId).id || message.onlyFor)
    throw refusal('unknownMessage');
  return message;
}

const sayError: ErrorRequestHandler = (thrown: unknown, _request, response, next) => {
  const error = thrown instanceof SyntaxError ? refusal('badJson') : thrown;
  if (!(error instanceof DiscordError)) {
    next(error);
    return;
  }
  response
    .status(error.status)
    .json({ message: error.message, code: error.code, ...(error.errors && { errors: error.errors }) });
};
