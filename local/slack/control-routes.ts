import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import * as z from 'zod';

import { streamChanges } from '../live/stream-changes.js';
import type { SlackControl } from './person.js';
import type { SlackFaults } from './world.js';

const POSTS = [
  ...([
    'postMessage',
    'runCommand',
    'useMessageShortcut',
    'useGlobalShortcut',
    'pressButton',
    'submitView',
  ] as const),
  ...(['closeView', 'openHome', 'inviteApp', 'setFileState', 'authorize', 'uninstall'] as const),
];
const GETS = ['messages', 'views', 'home', 'state', 'installations'] as const;

const filesHost = z.enum(['ok', 'sign-in-page', 'redirect', 'redirect-elsewhere', 'truncate', 'gone']);
const faultChange = z
  .strictObject({
    rateLimitNext: z.int().min(0),
    webApiDown: z.boolean(),
    filesHost,
    duplicateEvents: z.boolean(),
  })
  .partial();
const upload = z.object({
  userId: z.string(),
  name: z.string(),
  mimetype: z.string(),
  channelId: z.string().exactOptional(),
});
const watched = z.object({ userId: z.string() });

/**
 * `control` over HTTP: `POST /<act>` with its argument as JSON, `POST /files?…` with bytes, `GET` for what a person
 * sees, and `GET /watch` for all of it as it changes (server-sent events).
 */
export function createControlRoutes(control: SlackControl, faults: SlackFaults): Router {
  const router = express.Router();
  router.post('/files', async (request, response) => {
    response.json(await control.uploadFile({ ...upload.parse(request.query), source: request }));
  });
  router.use(express.json());
  for (const act of POSTS) {
    router.post(`/${act}`, async ({ body }, response) => {
      response.json((await (control[act] as (argument: unknown) => unknown)(body)) ?? {});
    });
  }
  for (const look of GETS) {
    router.get(`/${look}`, ({ query }, response) => {
      response.json((control[look] as (argument: unknown) => unknown)(query));
    });
  }
  router.get('/watch', (request, response) => {
    const { userId } = watched.parse(request.query);
    streamChanges(response, () => control.sight({ userId }));
  });
  router.get('/interactions/:id', (request, response) => {
    response.json(control.interaction(request.params.id));
  });
  router.get('/faults', (_request, response) => {
    response.json(faults);
  });
  router.put('/faults', (request, response) => {
    response.json(Object.assign(faults, faultChange.parse(request.body)));
  });
  router.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else response.status(400).json({ error: error.message });
  });
  return router;
}
