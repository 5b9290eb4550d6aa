import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { findFreePorts, requireFree } from '../../local/start/ports.js';

test('a port that is wanted twice is told from one that something else has: both variables are named', async () => {
  const [port = 0, other = 0] = await findFreePorts(2);
  const ports = [
    { port, variable: 'PORT' },
    { port: other, variable: 'INBOX_PORT' },
    { port, variable: 'S3_PORT' },
  ];
  await expect(requireFree(ports)).rejects.toThrow(
    new Error(`PORT and S3_PORT are the same port, ${port}. Set each to a port of its own.`),
  );
});

test('a port that is in use is named with its variable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(requireFree([{ port, variable: 'PORT' }])).rejects.toThrow(
    new Error(`Port ${port} is in use. Stop what listens there, or set PORT to another port.`),
  );
  server.close();
});
