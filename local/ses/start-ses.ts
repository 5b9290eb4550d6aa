import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { answerQuery, errorXml, isSend, type QueryApi } from './query-api.js';
import { openEventOutbox } from './event-outbox.js';
import { noFaults, sesFaults, takeMode, type SesFaults } from './faults.js';
import { answerInbox } from './inbox.js';
import { openJournal, type SesMessage } from './journal.js';
import { openSendingAccount } from './sending-account.js';
import { SesError } from './ses-error.js';
import { verifySignature, type Credentials } from './verify-signature.js';

interface SesOptions {
  dataDir: string;
  /** 0 takes a free one. */
  port: number;
  region?: string;
  credentials: Credentials;
  /** The URL that invokes the function which reads events; none are made without. */
  eventTarget?: string | undefined;
}

export interface Ses {
  url: string;
  close(): Promise<void>;
  /** Switches to turn in place. */
  faults: SesFaults;
  /** Every accepted mail, oldest first. */
  messages(): Promise<SesMessage[]>;
}

/** A full message in base64, every character of it percent-encoded in the worst case, is about this long. */
const maxBodyBytes = 42 * 1024 * 1024;

/**
 * Starts an SES (v1 query API, loopback only) that keeps mails instead of sending them, and shows them at `GET /`.
 * Rejects with the listen error (EADDRINUSE) when the port is taken.
 */
export async function startSes(options: SesOptions): Promise<Ses> {
  const region = options.region ?? 'us-east-1';
  const faults = noFaults();
  const journal = openJournal(options.dataDir);
  const api: QueryApi = {
    journal,
    account: openSendingAccount(options.dataDir, region, faults, journal),
    events: openEventOutbox(join(options.dataDir, 'events'), region, options.eventTarget, faults),
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof SesError)) console.error(error);
      const refusal =
        error instanceof SesError ? error : new SesError('InternalFailure', 'Local SES failed.', 500);
      send(response, refusal.status, 'text/xml', errorXml(refusal));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0];
    // Another host name means a web page that rebinds its own name to 127.0.0.1 in order to read the mails.
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
      throw new SesError('AccessDenied', 'Local SES answers on localhost only.', 403);
    if (path === '/healthz') send(response, 200, 'text/plain', 'ok');
    else if (path === '/_control/faults') await answerFaults(request, response, faults);
    else if (request.method === 'GET') await answerInbox(request, response, journal);
    else if (request.method === 'POST' && request.url === '/') await answerApi(request, response);
    else throw new SesError('InvalidAction', `There is no ${request.method} ${path}.`, 404);
  }

  async function answerApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    verifySignature(request, body, options.credentials, region);
    const form = new URLSearchParams(body.toString());
    const mode = isSend(form) ? takeMode(faults) : 'ok';
    if (mode === 'throttle') throw new SesError('Throttling', 'Maximum sending rate exceeded.');
    if (mode === '4xx') throw new SesError('MessageRejected', 'Refused by the fault switch.');
    if (mode === '5xx') throw new SesError('ServiceUnavailable', 'Refused by the fault switch.', 503);
    const xml = await answerQuery(api, form);
    if (mode === 'accept-then-reset') request.socket.resetAndDestroy();
    else if (mode !== 'accept-then-hang') send(response, 200, 'text/xml', xml);
  }

  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    messages: () => Promise.resolve([...journal.messages]),
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await api.events.close();
    },
  };
}

async function answerFaults(
  request: IncomingMessage,
  response: ServerResponse,
  faults: SesFaults,
): Promise<void> {
  if (request.method === 'PUT') {
    const change = sesFaults.partial().safeParse(parseJson((await readBody(request)).toString()));
    if (!change.success) {
      send(response, 400, 'text/plain', change.error.message);
      return;
    }
    Object.assign(faults, change.data);
  }
  send(response, 200, 'application/json', JSON.stringify(faults));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new SesError('RequestEntityTooLarge', 'The request is too large.', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}
