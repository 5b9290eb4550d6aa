import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareBucket } from '../../adapters/prepare-bucket.js';
import { createS3Client } from '../../adapters/s3.js';

let server: Server;
let requests: { call: string; body: string }[];
/** Status by call; others are 200. */
let answers: Record<string, number>;

beforeEach(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  requests = [];
  answers = {};
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? '', 'http://x');
      const call = `${request.method ?? ''} ${url.pathname}${url.searchParams.has('cors') ? '?cors' : ''}`;
      requests.push({ call, body });
      response.writeHead(answers[call] ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function prepare(): Promise<string[]> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createS3Client({
    ...{ name: 'files', bucket: 'files', region: 'us-east-1' },
    ...{ endpoint, publicEndpoint: undefined, credentials: undefined },
  });
  return prepareBucket(client, 'files', 'https://portal.test');
}

const calls = () => requests.map(({ call }) => call);

test('a bucket that is not there is made, and opened to the pages of the portal alone', async () => {
  answers['HEAD /files/'] = 404;
  expect(await prepare()).toEqual(['Made the bucket files.', 'Pages of https://portal.test may use it.']);
  expect(calls()).toEqual(['HEAD /files/', 'PUT /files/', 'PUT /files/?cors']);
  expect(requests[2]?.body.match(/<AllowedOrigin>[^<]*/g)).toEqual(['<AllowedOrigin>https://portal.test']);
  expect(requests[2]?.body).toContain('<ExposeHeader>ETag</ExposeHeader>');
});

test('a bucket that is there stays as it is', async () => {
  expect(await prepare()).toEqual(['Pages of https://portal.test may use it.']);
  expect(calls()).toEqual(['HEAD /files/', 'PUT /files/?cors']);
});

test('storage without rules for other origins is named, and what to do', async () => {
  answers['PUT /files/?cors'] = 501;
  expect(await prepare()).toEqual([expect.stringContaining('allow https://portal.test GET and PUT')]);
});

test('keys that may not use the bucket make nothing', async () => {
  answers['HEAD /files/'] = 403;
  await expect(prepare()).rejects.toThrow();
  expect(calls()).toEqual(['HEAD /files/']);
});
