import express, { Router, type ErrorRequestHandler } from 'express';
import * as z from 'zod';

import { streamChanges } from '../live/stream-changes.js';
import { actionInputs, type DiscordControl } from './control.js';
import type { DiscordFaults } from './world.js';

const uploadQuery = z.object({
  userId: z.string(),
  channelId: z.string(),
  name: z.string(),
  contentType: z.string().optional(),
});
const watched = z.object({ userId: z.string() });
const faultsPatch = z.strictObject({
  rateLimitNext: z.int().min(0).optional(),
  gatewayDown: z.boolean().optional(),
  restDown: z.boolean().optional(),
  dmClosed: z.array(z.string()).optional(),
  expireAttachments: z.boolean().optional(),
});

/**
 * The control over HTTP, for other processes: `POST /<action>` with the action's input as JSON, and reads; `GET
 * /watch` gives what a person sees as it changes (server-sent events). What a client would not allow is answered 400
 * `{ error }`.
 */
export function createControlRoutes(control: DiscordControl, faults: DiscordFaults): Router {
  const router = Router();
  router.post('/files', async (request, response) => {
    response.json(await control.uploadStream(uploadQuery.parse(request.query), request));
  });
  router.use(express.json());
  for (const name of Object.keys(actionInputs) as (keyof typeof actionInputs)[]) {
    const act = control[name] as (input: unknown) => object | undefined;
    router.post(`/${name}`, (request, response) => {
      response.json(act(actionInputs[name].parse(request.body)) ?? {});
    });
  }
  for (const name of ['reconnectGateway', 'invalidateSessions'] as const) {
    router.post(`/${name}`, (_request, response) => {
      control[name]();
      response.json({});
    });
  }
  router.get(
    '/interactions/:id',
    ({ params }, response) => void response.json(control.interaction(params.id)),
  );
  router.get('/messages', ({ query }, response) => {
    response.json(
      control.messages(z.object({ channelId: z.string(), userId: z.string().optional() }).parse(query)),
    );
  });
  router.get('/watch', (request, response) => {
    const { userId } = watched.parse(request.query);
    streamChanges(response, () => control.sight({ userId }));
  });
  router.get('/state', (_request, response) => void response.json(control.state()));
  router.get('/faults', (_request, response) => void response.json(faults));
  router.post('/faults', (request, response) => {
    response.json(Object.assign(faults, faultsPatch.parse(request.body)));
  });
  router.use(sayWhy);
  return router;
}

const sayWhy: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  response.status(400).json({ error: error instanceof Error ? error.message : String(error) });
};
