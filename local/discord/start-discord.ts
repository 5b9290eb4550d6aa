import { createServer } from 'node:http';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import express from 'express';

import { createCdn } from './cdn.js';
import type { DiscordControl } from './control.js';
import { createControlRoutes } from './control-routes.js';
import { createGateway } from './gateway.js';
import { createInteractions } from './interactions.js';
import { createPersonActions } from './person-actions.js';
import { createRest } from './rest.js';
import { createWorld, type DiscordFaults, type DiscordPerson } from './world.js';

const DAY_MS = 24 * 60 * 60_000;
const HEARTBEAT_INTERVAL_MS = 41_250;

interface DiscordOptions {
  /** 0 takes a free port. */
  port: number;
  token: string;
  applicationId: string;
  people?: DiscordPerson[];
  /** How long an attachment's URL works: 24 hours unless told. */
  maxAgeMs?: number;
  heartbeatIntervalMs?: number;
  /** Where registered commands last, and uploads until the next start; unless told, both end with the server. */
  dataDir?: string;
}
export interface LocalDiscord {
  /** The API is at `<url>/api`, the CDN at `<url>`, the gateway on the same port. */
  url: string;
  control: DiscordControl;
  faults: DiscordFaults;
  close(): Promise<void>;
}

/**
 * Starts a strict double of Discord on the loopback address: REST v10, gateway, CDN, and people to act as.
 * Point discord.js at it with `new Client({ rest: { api: url + '/api', cdn: url } })`. Only registered commands outlive `close`, in `dataDir`.
 */
export async function startDiscord(options: DiscordOptions): Promise<LocalDiscord> {
  const { port, maxAgeMs, heartbeatIntervalMs, dataDir, ...about } = options;
  const folder = dataDir ? join(dataDir, 'discord-files') : await mkdtemp(join(tmpdir(), 'local-discord-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const world = createWorld({
    ...about,
    attachmentLifeMs: maxAgeMs ?? DAY_MS,
    commandsFile: dataDir ? join(dataDir, 'commands.json') : null,
  });
  const app = express().disable('x-powered-by').disable('etag');
  const server = createServer(app);
  const gateway = createGateway(world, server, heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS);
  const interactions = createInteractions(world);
  const control = createPersonActions(world, gateway, interactions, folder);
  app.use('/api/v10', createRest(world, gateway, interactions));
  app.use('/_control', createControlRoutes(control, world.faults));
  app.use(createCdn(world));

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  world.baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: world.baseUrl,
    control,
    faults: world.faults,
    async close() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
