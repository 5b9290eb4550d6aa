import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands before a server, which is well, takes `slowMs` to answer, or is away. */
export interface TroubledProxy {
  port: number;
  trouble: 'none' | 'slow' | 'down';
  close(): Promise<void>;
}

/** On 127.0.0.1, for a server there. */
export async function startTroubledProxy(targetPort: number, slowMs: number): Promise<TroubledProxy> {
  const sockets = new Set<Socket>();
  let trouble: TroubledProxy['trouble'] = 'none';
  const server = createServer((client) => {
    if (trouble === 'down') {
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target);
    target.on('data', (chunk) => {
      if (trouble === 'slow') setTimeout(() => client.write(chunk), slowMs);
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get trouble() {
      return trouble;
    },
    set trouble(next) {
      trouble = next;
      if (next === 'down') hangUp();
    },
    async close() {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}
