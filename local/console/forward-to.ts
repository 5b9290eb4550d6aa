import { request as ask, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { RequestHandler } from 'express';

/** All else stays here: cookies above all, which the portal sets for every port of this host. */
const FORWARDED = ['accept', 'content-type', 'content-length'];

/**
 * Hands requests on to a server and its answers back, streaming: a file is never in memory, events arrive as they
 * are sent. Whichever side leaves, the other is let go. 502 where the server is not there.
 */
export function forwardTo(base: string): RequestHandler {
  return (request, response) => {
    const headers = Object.fromEntries(
      FORWARDED.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : [])),
    );
    const upstream = ask(`${base}${request.url}`, { method: request.method, headers });
    response.once('close', () => upstream.destroy());
    upstream.once('response', (answer: IncomingMessage) => {
      response.status(answer.statusCode ?? 502).type(answer.headers['content-type'] ?? 'application/json');
      response.flushHeaders();
      // Who is no longer there needs no answer.
      pipeline(answer, response).catch(() => undefined);
    });
    upstream.once('error', () => {
      if (response.headersSent) response.destroy();
      else
        response.status(502).json({ error: 'The simulated platform does not answer. It may be starting.' });
    });
    pipeline(request, upstream).catch(() => undefined);
  };
}
