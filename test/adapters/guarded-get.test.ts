import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BlockedUrl, guardedGet } from '../../adapters/guarded-get.js';
import { anyUrl } from '../support/any-text.js';

const hosts = ['files.slack.com', '*.slack-files.com', '*.slack-edge.com'];

let server: Server;
let host: string;
const asked: { path: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, authorization: request.headers.authorization });
    const hops = Number(/^\/hops\/(\d+)$/.exec(path)?.[1] ?? 0);
    if (path.startsWith('/to/'))
      response.writeHead(302, { location: decodeURIComponent(path.slice(4)) }).end();
    else if (hops > 0) response.writeHead(307, { location: `/hops/${hops - 1}` }).end();
    else response.end('the bytes');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
});

test.each([
  'http://files.slack.com/f',
  'https://files.slack.com:8443/f',
  'https://files.slack.com./f',
  'https://files.slack.com.evil.test/f',
  'https://files.slack.com@evil.test/f',
  'https://evil.test/files.slack.com',
  'https://evil.test#files.slack.com',
  'https://evil.test\\@files.slack.com/f',
  'https://token@files.slack.com/f',
  'https://slack-files.com.evil.test/f',
  'https://evilslack-files.com/f',
  'https://slack.com/f',
  'https://169.254.169.254/latest/meta-data/',
  'http://169.254.169.254/latest/meta-data/',
  'https://127.1/f',
  'https://2130706433/f',
  'https://0x7f.1/f',
  'https://[::1]/f',
  'https://[::ffff:127.0.0.1]/f',
  'https://localhost/f',
  'file:///etc/passwd',
  'ftp://files.slack.com/f',
  'data:text/plain,f',
  '//files.slack.com/f',
  'files.slack.com/f',
  '',
])('%s is never asked', async (url) => {
  await expect(guardedGet(url, { hosts })).rejects.toBeInstanceOf(BlockedUrl);
});

test('whatever surrounds the name of a host, another host is never asked', async () => {
  const part = fc.string({ maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(part, part, anyUrl(), async (before, after, anywhere) => {
      const around = `https://${before}files.slack.com${after}.test/f`;
      for (const url of [around, anywhere]) {
        const isOurs = URL.canParse(url) && new URL(url).hostname === 'files.slack.com';
        if (!isOurs) await expect(guardedGet(url, { hosts })).rejects.toBeInstanceOf(BlockedUrl);
      }
    }),
  );
});

test('a name that points into our own network is not connected to', async () => {
  const blocked = guardedGet('https://localhost/f', { hosts: ['localhost'] });
  await expect(blocked).rejects.toMatchObject({ name: 'BlockedUrl', message: 'a private address' });
});

test('redirects are followed three times, with the headers, and no fourth time', async () => {
  asked.length = 0;
  const options = { hosts: [host], headers: { authorization: 'Bearer secret' } };
  expect(await text(await guardedGet(`http://${host}/hops/3`, options))).toBe('the bytes');
  expect(asked.map(({ authorization }) => authorization)).toEqual(Array(4).fill('Bearer secret'));
  await expect(guardedGet(`http://${host}/hops/4`, options)).rejects.toThrow('too many redirects');
});

test.each([
  'http://localhost:1/x',
  'https://169.254.169.254/',
  'http://[',
  'file:///etc/passwd',
  '//evil.test/x',
])('a redirect to %s is not followed', async (location) => {
  const url = `http://${host}/to/${encodeURIComponent(location)}`;
  await expect(guardedGet(url, { hosts: [host] })).rejects.toBeInstanceOf(BlockedUrl);
});
