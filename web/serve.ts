import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** So long a server that closes waits for answers; a client that dawdles is cut off then. */
const LAST_ANSWERS_MS = 4_000;

export interface RunningServer {
  url: string;
  /** Takes no new connection, lets running answers end for four seconds, and resolves when the last one has. */
  close(): Promise<void>;
}

/** Starts a server with limits against slow clients. @throws Error that names the port when it is taken */
export async function serve(
  app: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 75_000 },
    app,
  );
  server.maxHeadersCount = 100;
  server.maxConnections = 5_000;
  await listen(server, host, port);
  const { address, port: actual, family } = server.address() as AddressInfo;
  const name = family === 'IPv6' ? `[${address}]` : address;
  return { url: `http://${name}:${actual}`, close: () => close(server) };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        isTaken ? new Error(`Port ${port} is in use. Set PORT to a free one.`, { cause: error }) : error,
      );
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server): Promise<void> {
  // A kept-alive connection that was busy becomes idle after its answer, and would hold the server open.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
