import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDiscordFileFetcher } from '../../adapters/discord-file-fetcher.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';

const ADA = '100100000000000001';
const GENERAL = '300000000000000001';
const APPLICATION_ID = '900000000000000001';

let discord: LocalDiscord;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let isAsked = false;

beforeAll(async () => {
  discord = await startDiscord({ port: 0, token: 't', applicationId: APPLICATION_ID });
  server = createServer((request, response) => {
    isAsked = true;
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  isAsked = false;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await discord.close();
});

const hostOf = (from: Server) => `127.0.0.1:${(from.address() as AddressInfo).port}`;

function fetcherFor(...fileHosts: string[]) {
  return createDiscordFileFetcher({
    token: 't',
    applicationId: APPLICATION_ID,
    apiUrl: undefined,
    fileHosts,
  });
}

async function fetchFrom(url: string, sizeBytes: number, hosts: string[]): Promise<Buffer> {
  return buffer(await fetcherFor(...hosts).fetch({ kind: 'discord', url }, { name: 'plan.pdf', sizeBytes }));
}

describe('from the local Discord', () => {
  const upload = () =>
    discord.control.uploadFile({
      userId: ADA,
      channelId: GENERAL,
      name: 'plan.pdf',
      bytes: Buffer.from('%PDF-plan'),
    });
  const host = () => [new URL(discord.url).host];

  test('an attachment arrives whole', async () => {
    const { url, size } = await upload();
    expect((await fetchFrom(url, size, host())).toString()).toBe('%PDF-plan');
  });

  test('an expired URL asks the person to attach the file again', async () => {
    const { url, size } = await upload();
    discord.control.passTime({ ms: 25 * 60 * 60_000 });
    await expect(fetchFrom(url, size, host())).rejects.toMatchObject({
      kind: 'gone',
      code: 'file.link_expired',
    });
  });

  test('a size other than announced is refused before the bytes are read', async () => {
    const { url, size } = await upload();
    await expect(fetchFrom(url, size + 1, host())).rejects.toMatchObject({
      kind: 'invalid',
      code: 'file.size_differs',
    });
  });
});

describe('from any server', () => {
  test.each([
    ['another host', 'https://files.example.com/a'],
    ['http', 'http://cdn.discordapp.com/a'],
    ['another port', 'https://cdn.discordapp.com:8443/a'],
    ['a name that only begins alike', 'https://cdn.discordapp.com.evil.test/a'],
    ['a user before the host', 'https://cdn.discordapp.com@evil.test/a'],
    ['loopback', 'http://127.0.0.1:9/a'],
    ['an address in decimal', 'https://2130706433/a'],
    ['no URL', 'cdn.discordapp.com/a'],
  ])('%s is never asked', async (_what, url) => {
    await expect(fetchFrom(url, 1, ['cdn.discordapp.com'])).rejects.toMatchObject({
      kind: 'invalid',
      code: 'file.blocked_source',
    });
  });

  test('a redirect to another host is not followed', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    let isReached = false;
    other.on('request', (_request, response: ServerResponse) => {
      isReached = true;
      response.end('x');
    });
    answer = (_request, response) => response.writeHead(302, { location: `http://${hostOf(other)}/` }).end();
    await expect(fetchFrom(`http://${hostOf(server)}/a`, 1, [hostOf(server)])).rejects.toMatchObject({
      code: 'file.blocked_source',
    });
    expect([isAsked, isReached]).toEqual([true, false]);
    other.close();
  });

  test.each([
    [403, 'gone', 'file.link_expired'],
    [404, 'gone', 'file.link_expired'],
    [410, 'gone', 'file.link_expired'],
    [429, 'unavailable', 'file.unreachable'],
    [500, 'unavailable', 'file.unreachable'],
    [503, 'unavailable', 'file.unreachable'],
  ])('HTTP %i is %s', async (status, kind, code) => {
    answer = (_request, response) => response.writeHead(status).end('x');
    const attempt = fetchFrom(`http://${hostOf(server)}/a`, 1, [hostOf(server)]);
    await expect(attempt).rejects.toMatchObject({
      kind,
      code,
      message: expect.stringContaining('plan.pdf') as string,
    });
  });

  test('a body that breaks off is an error of the stream, not a short file', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345', () => response.destroy());
    };
    await expect(fetchFrom(`http://${hostOf(server)}/a`, 10, [hostOf(server)])).rejects.toThrow();
  });

  test('a host that cannot be reached is worth another try', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const host = hostOf(closed);
    closed.close();
    await expect(fetchFrom(`http://${host}/a`, 1, [host])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
