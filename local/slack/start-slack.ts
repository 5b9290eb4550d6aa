import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';

import express, { type Express } from 'express';

import { createControlRoutes } from './control-routes.js';
import { createFilesHost } from './files-host.js';
import { loadFiles } from './files.js';
import { acceptResponse } from './interactions.js';
import { install } from './installations.js';
import { DEFAULT_MANIFEST, type AppManifest } from './manifest.js';
import { createOauthPages } from './oauth-pages.js';
import type { OauthApp } from './oauth.js';
import { TEAM } from './people.js';
import { createControl, type SlackControl } from './person.js';
import { createSignedHttp } from './signed-http.js';
import { SlackError } from './slack-error.js';
import { createSocketMode, type SocketMode } from './socket-mode.js';
import { createWebApi } from './web-api.js';
import { createWorld, type Enterprise, type SlackFaults, type SlackWorld } from './world.js';

const DEFAULT_SCOPES = ['commands', 'files:read', 'chat:write', 'im:history'];
const RETRY_DELAYS_MS = [0, 60_000, 300_000];

export interface SlackOptions {
  /** 0 takes a free port. */
  port: number;
  dataDir: string;
  /** With it the app is installed in Acme from the start; without it nowhere. */
  botToken?: string;
  /** For Socket Mode. */
  appToken?: string;
  /** Of the installation that `botToken` stands for. */
  scopes?: string[];
  /** Lets people of all workspaces install the app, at `<url>/oauth/v2/authorize`. */
  oauth?: OauthApp;
  /** Enterprise Grid: the organisation of all workspaces. */
  enterprise?: Enterprise;
  /** The app's commands and shortcuts; those of our own app unless given. */
  manifest?: AppManifest;
  /** HTTP mode instead of Socket Mode: where the app receives, and the secret that signs. */
  requestUrl?: string;
  signingSecret?: string;
  /** The clock of triggers, response_urls, codes and tokens, in milliseconds; `Date.now` unless given. */
  now?: () => number;
  retryDelaysMs?: number[];
}

export interface LocalSlack {
  /** The Web API is at `<url>/api/`, files at `<url>/files-pri/…`, a person's acts at `<url>/_control/…`. */
  url: string;
  control: SlackControl;
  faults: SlackFaults;
  /** Socket Mode's connections; null in HTTP mode. */
  socketMode: SocketMode | null;
  close(): Promise<void>;
}

/** Starts a strict double of Slack on 127.0.0.1: two workspaces, in which our app is installed or can be. */
export async function startSlack(options: SlackOptions): Promise<LocalSlack> {
  const { requestUrl, signingSecret = '', botToken } = options;
  const server = createServer();
  const socketMode = requestUrl === undefined ? createSocketMode(server) : null;
  const dataDir = resolve(options.dataDir);
  const world = createWorld({
    appToken: options.appToken ?? null,
    oauth: options.oauth ?? null,
    enterprise: options.enterprise ?? null,
    dataDir,
    now: options.now ?? Date.now,
    retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
    door: socketMode ?? createSignedHttp(requestUrl ?? '', signingSecret),
    manifest: options.manifest ?? DEFAULT_MANIFEST,
    files: await loadFiles(dataDir),
  });
  if (botToken !== undefined) {
    const holder = { teamId: TEAM.id, isEnterpriseInstall: false };
    const { botTokens } = install(world, holder, null, options.scopes ?? DEFAULT_SCOPES);
    botTokens.push({ token: botToken, expiresAtMs: null });
  }
  const control = createControl(world);
  server.on('request', createApp(world, control, socketMode));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: world.url,
    control,
    faults: world.faults,
    socketMode,
    async close() {
      world.closing.abort();
      world.door.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createApp(world: SlackWorld, control: SlackControl, socketMode: SocketMode | null): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use('/api', createWebApi(world, socketMode && (() => socketMode.openTicket())));
  app.use(createFilesHost(world));
  app.use(createOauthPages(world));
  app.use('/_control', createControlRoutes(control, world.faults));
  app.post('/responses/:id', express.json({ type: () => true }), (request, response) => {
    try {
      acceptResponse(world, request.params.id, request.body as Record<string, unknown>);
      response.send('ok');
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      const isSpent = error.code.endsWith('_url');
      response.status(isSpent ? 404 : 400).json({ ok: false, error: error.code, ...error.detail });
    }
  });
  return app;
}
