import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { serve } from '../../web/serve.js';

test('a client that never ends its request does not keep the portal from stopping', async () => {
  let isAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const server = await serve(
    () => {
      isAsked();
    },
    { host: '127.0.0.1', port: 0 },
  );
  const client = connect(Number(new URL(server.url).port), '127.0.0.1');
  client.on('error', () => undefined);
  client.write('POST / HTTP/1.1\r\nhost: portal\r\ncontent-length: 1000\r\n\r\nslow');
  await asked;
  const cut = once(client, 'close');
  await server.close();
  await cut;
  expect(client.destroyed).toBe(true);
});
