import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { makeDrainable } from '../../core/make-drainable.js';

const REQUEST = 'GET / HTTP/1.1\r\nhost: portal\r\n\r\n';
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

test('behind a proxy a connection that is kept alive gets one more answer, which says that it is the last', async () => {
  const { server, drainable } = await start((_request, response) => response.end('done'));
  const kept = await open(server);
  expect(await ask(kept)).toMatch(/^HTTP\/1\.1 200[^]*connection: keep-alive/i);
  const closed = drainable.close({ isProxied: true });
  // Longer than a connection that nobody waits for is looked for.
  await wait(200);
  const ended = once(kept, 'end');
  expect(await ask(kept)).toMatch(/^HTTP\/1\.1 200[^]*connection: close/i);
  await ended;
  await closed;
});

test('an answer that is under way as the server closes is whole, and the last on its connection', async () => {
  let answer: () => void = () => undefined;
  const { server, drainable } = await start((_request, response) => {
    answer = () => response.end('done');
  });
  const busy = await open(server);
  const answered = ask(busy);
  await once(server, 'request');
  const closed = drainable.close({ isProxied: true });
  answer();
  expect(await answered).toMatch(/^HTTP\/1\.1 200[^]*connection: close[^]*done$/i);
  await closed;
});

test('a connection that is opened anew is refused at once, so that what it was to carry goes elsewhere', async () => {
  const { server, drainable } = await start((_request, response) => response.end('done'));
  const { port } = server.address() as AddressInfo;
  const kept = await open(server);
  await ask(kept);
  const closed = drainable.close({ isProxied: true });
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  await closed;
});

test('idle connections that a proxy leaves unused end after a while, and without a proxy at once', async () => {
  for (const [isProxied, atLeastMs, atMostMs] of [
    [true, 1_900, 60_000],
    [false, 0, 1_900],
  ] as const) {
    const { server, drainable } = await start((_request, response) => response.end('done'));
    await ask(await open(server));
    const startedAt = performance.now();
    await drainable.close({ isProxied });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(atLeastMs);
    expect(tookMs).toBeLessThan(atMostMs);
  }
});

async function start(app: RequestListener) {
  const server = createServer({ keepAliveTimeout: 75_000 }, app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, drainable: makeDrainable(server) };
}

async function open(server: Server): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket): Promise<string> {
  socket.write(REQUEST);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}
