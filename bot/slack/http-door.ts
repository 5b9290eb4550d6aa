import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { HTTPModuleFunctions, HTTPReceiver, isValidSlackRequest } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import type { SlackAccess } from '../../core/platforms.js';
import { INSTALL_PATH } from '../../core/identities/installations.js';
import { makeDrainable } from '../../core/make-drainable.js';
import type { SlackDeps } from './slack-tools.js';
import { createInstaller, REDIRECT_PATH } from './installer.js';
import { silentLogger } from './silent-logger.js';
import type { Listening, SlackDoor } from './start-slack-platform.js';

export type HttpAccess = Extract<SlackAccess, { kind: 'http' }>;

/** Slack's payloads are far smaller: a form with everything in it has some ten thousand bytes. */
const MAX_BODY_BYTES = 512 * 1024;

/** Slack signs the time of a request; no honest one is further from ours. */
const MAX_SKEW_SECONDS = 300;

/** Longer than a proxy keeps an idle connection (60 s), so that it is the proxy that ends it. */
const KEEP_ALIVE_MS = 75_000;

const EVENTS_PATH = '/slack/events';

/**
 * Every workspace that installs the app: Slack calls us at `<public URL>/slack/events`, and people install the app at
 * `/slack/install`. `/healthz` and `/readyz` answer a balancer.
 */
export function createHttpDoor(
  deps: SlackDeps,
  access: HttpAccess,
  { host, port, drainMs, clientOptions }: Listening & { clientOptions: WebClientOptions },
): SlackDoor {
  const receiver = new HTTPReceiver({
    ...createInstaller(deps, access, clientOptions),
    signingSecret: access.signingSecrets[0],
    // Done by us, before Bolt sees it: it knows one secret, and takes what is dated ahead of time.
    signatureVerification: false,
    endpoints: EVENTS_PATH,
    logger: silentLogger,
    processEventErrorHandler: ({ error, response }) => {
      deps.log.warn({ err: error }, 'request of Slack failed');
      if (!response.headersSent) response.writeHead(500).end();
      return Promise.resolve(false);
    },
  });
  let isDraining = false;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = `${request.method} ${(request.url ?? '').split('?', 1)[0]}`;
    switch (route) {
      case `POST ${EVENTS_PATH}`:
        if (!(await isSignedBySlack(request, access.signingSecrets))) {
          response.writeHead(401, { connection: 'close' }).end();
          return;
        }
        if (!isReadable(request)) {
          response.writeHead(400).end();
          return;
        }
        break;
      case 'GET /healthz':
        response.writeHead(200).end('ok');
        return;
      case 'GET /readyz':
        response.writeHead(isDraining ? 503 : 200).end();
        return;
      case `GET ${INSTALL_PATH}`:
      case `GET ${REDIRECT_PATH}`:
        break;
      default:
        response.writeHead(404).end();
        return;
    }
    receiver.requestListener(request, response);
  };
  const limits = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: KEEP_ALIVE_MS };
  const server = createServer(limits, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'request of Slack failed');
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const drainable = makeDrainable(server);
  return {
    // Without its installer in sight: with one, Bolt wants to look tokens up itself.
    receiver: {
      init: (app) => receiver.init(app),
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    async open() {
      server.listen(port, host);
      await once(server, 'listening');
    },
    async close() {
      if (!server.listening) return;
      isDraining = true;
      await delay(drainMs);
      await drainable.close({ isProxied: drainMs > 0 });
    },
  };
}

/** Whether Slack made this request within the last minutes. Leaves the body where Bolt looks for it. */
async function isSignedBySlack(
  request: IncomingMessage,
  secrets: HttpAccess['signingSecrets'],
): Promise<boolean> {
  const { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp } = request.headers;
  const seconds = Number(timestamp);
  if (typeof signature !== 'string' || !Number.isInteger(seconds)) return false;
  if (Math.abs(Date.now() / 1000 - seconds) > MAX_SKEW_SECONDS) return false;
  const { rawBody } = await HTTPModuleFunctions.bufferIncomingMessage(request, MAX_BODY_BYTES).catch(() => {
    return { rawBody: null };
  });
  if (!rawBody) return false;
  const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': seconds };
  return secrets.some((signingSecret) =>
    isValidSlackRequest({ signingSecret, body: rawBody.toString(), headers }),
  );
}

/** Whether a body that `isSignedBySlack` has left there is an object: Bolt, and the process, fall over null. */
function isReadable(request: IncomingMessage): boolean {
  if (!HTTPModuleFunctions.isBufferedIncomingMessage(request)) return false;
  try {
    const body: unknown = HTTPModuleFunctions.parseHTTPRequestBody(request);
    return typeof body === 'object' && body !== null && !Array.isArray(body);
  } catch {
    return false;
  }
}
