import type { Server, ServerResponse } from 'node:http';
import { Server as TcpServer } from 'node:net';

/** So long a server that closes waits for answers; a client that dawdles is cut off then. */
const LAST_ANSWERS_MS = 4_000;

/** What a proxy's idle connections are left for: under load it uses each of them many times over in that time. */
const LINGER_MS = 2_000;

export interface Drainable {
  /**
   * Takes no new connection, lets running answers end for four seconds, and resolves when the last one has. Behind a
   * proxy (`isProxied`) idle connections are answered on for two seconds more.
   */
  close(options?: { isProxied: boolean }): Promise<void>;
}

/**
 * Lets a server leave a proxy without losing a request. Once it closes, each answer says that it is the last one on its
 * connection, so that the proxy keeps none, and a connection that it opens anew is refused, so that what it was to carry
 * goes elsewhere, POST or not. To cut an idle connection at once would lose what the proxy just sends on it.
 */
export function makeDrainable(server: Server): Drainable {
  const unanswered = new Set<ServerResponse>();
  let isClosing = false;
  // Before the application, which may answer at once.
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (isClosing) makeLast(response);
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
  });
  return {
    async close({ isProxied } = { isProxied: false }) {
      isClosing = true;
      for (const response of unanswered) makeLast(response);
      const closed = new Promise<void>((resolve) => {
        server.once('close', resolve);
      });
      // The port alone: a server of Node's http closes idle connections with it.
      TcpServer.prototype.close.call(server);
      // A kept-alive connection that was busy becomes idle after its answer, and would hold the server open.
      const lingerUntil = performance.now() + (isProxied ? LINGER_MS : 0);
      const sweep = setInterval(() => {
        if (performance.now() >= lingerUntil) server.closeIdleConnections();
      }, 50);
      const limit = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
      await closed;
      clearInterval(sweep);
      clearTimeout(limit);
    },
  };
}

function makeLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
