import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeDrainable, type Drainable } from '../core/make-drainable.js';

export interface RunningServer extends Drainable {
  url: string;
}

/**
 * Starts a server with limits against slow clients. It keeps idle connections longer than a proxy does (60 s), so that
 * it is the proxy that ends them. @throws Error that names the port when it is taken
 */
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
  return { url: `http://${name}:${actual}`, ...makeDrainable(server) };
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
