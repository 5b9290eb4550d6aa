import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { consolePage, type PageOptions } from './console-page.js';
import { forwardTo } from './forward-to.js';
import { fromOwnPage, onThisMachine, pageHeaders } from './guards.js';

export interface ConsoleOptions extends Omit<PageOptions, 'platforms'> {
  /** 0 takes a free one. */
  port: number;
  /** Where the build has left console.js and console.css. */
  assetsDir: string;
  /** The doubles; undefined for a platform that is the real one. */
  slackUrl?: string | undefined;
  discordUrl?: string | undefined;
}

export interface LocalConsole {
  url: string;
  close(): Promise<void>;
}

/** What a person may do through the page. Faults, time and everything else of the doubles' control stay out of reach. */
const SLACK_ACTS = [
  ...['files', 'postMessage', 'runCommand', 'useMessageShortcut', 'useGlobalShortcut', 'pressButton'],
  ...['submitView', 'closeView', 'openHome', 'inviteApp'],
];
const DISCORD_ACTS = [
  ...['files', 'postMessage', 'invokeCommand', 'useMessageCommand', 'pressButton', 'selectOption'],
  'submitModal',
];

/**
 * Starts the chat console on 127.0.0.1: a page in which somebody acts as a person of the doubled platforms, and a
 * narrow way from it to their control. Rejects with the listen error (EADDRINUSE) when the port is taken.
 */
export async function startConsole(options: ConsoleOptions): Promise<LocalConsole> {
  const server = createServer(createApp(options));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createApp(options: ConsoleOptions): Express {
  const doubles = [
    { name: 'slack', url: options.slackUrl, acts: SLACK_ACTS },
    { name: 'discord', url: options.discordUrl, acts: DISCORD_ACTS },
  ].flatMap(({ url, ...double }) => (url ? [{ ...double, url }] : []));
  const page = consolePage({ ...options, platforms: doubles.map(({ name }) => name) });

  const app = express().disable('x-powered-by').disable('etag');
  app.use(onThisMachine, pageHeaders);
  app.get('/', (_request, response) => void response.type('html').send(page));
  for (const file of ['console.js', 'console.css']) {
    app.get(`/${file}`, (_request, response) => response.sendFile(file, { root: options.assetsDir }));
  }
  for (const { name, url, acts } of doubles) {
    const router = express.Router();
    const forward = forwardTo(`${url}/_control`);
    router.get('/watch', forward);
    for (const act of acts) router.post(`/${act}`, forward);
    app.use(`/${name}`, fromOwnPage, router);
  }
  app.use((_request, response) => void response.status(404).type('text').send('There is nothing here.'));
  return app;
}
