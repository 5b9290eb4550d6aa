import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startConsole, type ConsoleOptions, type LocalConsole } from '../../local/console/start-console.js';

interface Heard {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

let assetsDir: string;
let double: Server;
let heard: Heard[];
/** How the stand-in for a double answers. */
let answer: (
  heard: Heard,
  incoming: IncomingMessage,
  respond: (status: number, text: string) => void,
) => void;
let local: LocalConsole;

beforeAll(async () => {
  assetsDir = await mkdtemp(join(tmpdir(), 'console-'));
  await writeFile(join(assetsDir, 'console.js'), 'document.title = "";');
  await writeFile(join(assetsDir, 'console.css'), 'body {}');
  double = createServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      heard.push({ method, url, headers, body });
      outgoing.on('close', () => heard.push({ method: 'LEFT', url, headers, body: '' }));
      answer({ method, url, headers, body }, incoming, (status, text) => {
        outgoing.writeHead(status, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end(text);
      });
    });
  });
  await new Promise<void>((resolve) => double.listen(0, '127.0.0.1', resolve));
  local = await startConsole(options());
});

beforeEach(() => {
  heard = [];
  answer = (_heard, _incoming, respond) => {
    respond(200, '{"ok":true}');
  };
});

afterAll(async () => {
  await local.close();
  double.closeAllConnections();
  double.close();
  await rm(assetsDir, { recursive: true });
});

function options(changes: Partial<ConsoleOptions> = {}): ConsoleOptions {
  const url = `http://127.0.0.1:${(double.address() as AddressInfo).port}`;
  const others = { inboxUrl: 'http://127.0.0.1:8025', portalUrl: 'http://127.0.0.1:3000' };
  return { port: 0, assetsDir, slackUrl: `${url}/s`, discordUrl: `${url}/d`, ...others, ...changes };
}

/** A request with every header as given: `fetch` would not let a test say its host. */
function send(
  path: string,
  { method = 'GET', body = '', ...headers }: Record<string, string> = {},
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(local.url + path, { method, headers }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const act = (headers: Record<string, string> = {}) =>
  send('/slack/postMessage', { method: 'POST', body: '{}', origin: local.url, ...headers });

describe('the page', () => {
  test('says that it is a simulation, of what, and where the mails are', async () => {
    const { text, headers } = await send('/');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain('a local stand-in for Slack and Discord. Nothing here leaves this machine.');
    expect(text).toContain('href="http://127.0.0.1:8025"');
    expect(text).toContain('data-platforms="slack discord"');
  });

  test('names only what is simulated, and says what does leave the machine', async () => {
    const note = 'The <mails> do leave it.';
    const half = await startConsole(options({ slackUrl: undefined, inboxUrl: undefined, note }));
    const text = await (await fetch(half.url)).text();
    expect(text).toContain('a local stand-in for Discord. The &#60;mails&#62; do leave it.');
    expect(text).not.toContain('Inbox');
    expect((await fetch(`${half.url}/slack/watch`)).status).toBe(404);
    await half.close();
  });

  test('runs and loads nothing but its own files, is framed by nobody, and lets no text become markup', async () => {
    for (const path of ['/', '/console.js', '/nowhere']) {
      const { headers } = await send(path);
      const policy = headers['content-security-policy'];
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
    expect((await send('/console.css')).headers['content-type']).toContain('text/css');
    expect((await send('/console.js.map')).status).toBe(404);
  });
});

describe('the way to the doubles', () => {
  test('leads to the control of the platform that is named, and leaves the portal’s cookies behind', async () => {
    const sent = { method: 'POST', body: '{"text":"hi"}', origin: local.url, cookie: 'session=secret' };
    const { status, text, headers } = await send('/discord/postMessage?x=1', {
      ...sent,
      'content-type': 'application/json',
    });
    expect({ status, text }).toEqual({ status: 200, text: '{"ok":true}' });
    expect(headers).not.toHaveProperty('set-cookie');
    expect(heard[0]).toMatchObject({
      method: 'POST',
      url: '/d/_control/postMessage?x=1',
      body: '{"text":"hi"}',
    });
    expect(heard[0]?.headers).not.toHaveProperty('cookie');
    expect(heard[0]?.headers).not.toHaveProperty('origin');
  });

  test.each([
    ['POST', '/slack/faults'],
    ['PUT', '/slack/faults'],
    ['POST', '/slack/setFileState'],
    ['POST', '/discord/passTime'],
    ['GET', '/discord/state'],
    ['POST', '/slack/..%2f..%2fapi/chat.postMessage'],
    ['GET', '/slack/postMessage'],
  ])('is narrow: %s %s is not there', async (method, path) => {
    expect((await send(path, { method, origin: local.url })).status).toBe(404);
    expect(heard).toEqual([]);
  });

  test('hands a refusal on as it is', async () => {
    answer = (_heard, _incoming, respond) => {
      respond(400, '{"error":"no channel"}');
    };
    expect(await act()).toMatchObject({ status: 400, text: '{"error":"no channel"}' });
  });

  test('streams: the first bytes of a file arrive before its last are sent', async () => {
    const first = new Promise<string>((resolve) => {
      double.prependOnceListener('request', (incoming: IncomingMessage) => {
        incoming.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      });
    });
    const outgoing = request(`${local.url}/slack/files?userId=U1`, {
      method: 'POST',
      headers: { origin: local.url, 'content-type': 'application/octet-stream' },
    });
    const ended = new Promise((resolve) => outgoing.once('response', resolve));
    outgoing.write('first');
    expect(await first).toBe('first');
    outgoing.end('last');
    await ended;
    expect(heard[0]).toMatchObject({ url: '/s/_control/files?userId=U1', body: 'firstlast' });
  });

  test.each([
    ['before it has answered', ''],
    ['while it goes on', 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n'],
  ])('lets the double go when the browser leaves, %s', async (_when, said) => {
    answer = (_heard, incoming) => {
      incoming.socket.write(said);
    };
    const leaving = new AbortController();
    const asking = fetch(`${local.url}/slack/watch?userId=U1`, { signal: leaving.signal }).catch(() => null);
    await expect.poll(() => heard.length).toBe(1);
    if (said) expect((await asking)?.headers.get('content-type')).toContain('text/event-stream');
    leaving.abort();
    await expect.poll(() => heard.map(({ method }) => method)).toEqual(['GET', 'LEFT']);
  });

  test('says plainly when the double is away', async () => {
    const alone = await startConsole(options({ slackUrl: 'http://127.0.0.1:9' }));
    const response = await fetch(`${alone.url}/slack/watch?userId=U1`);
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({
      error: 'The simulated platform does not answer. It may be starting.',
    });
    await alone.close();
  });
});

describe('other pages of the same browser', () => {
  test.each(['rebound.example:3001', '127.0.0.1.example', '10.0.0.1:3001'])(
    'that rebind their name to this machine (%s) see nothing',
    async (host) => {
      for (const path of ['/', '/slack/watch']) expect((await send(path, { host })).status).toBe(403);
      expect((await act({ host, origin: `http://${host}` })).status).toBe(403);
      expect(heard).toEqual([]);
    },
  );

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'none' },
  ])('do nothing in somebody’s name: %o', async (headers) => {
    expect((await act(headers as Record<string, string>)).status).toBe(403);
    expect(heard).toEqual([]);
  });

  test('hold no connection open by watching', async () => {
    expect((await send('/slack/watch', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  test('our own page may act, under both names of this machine', async () => {
    expect((await act({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    const host = new URL(local.url).host.replace('127.0.0.1', 'localhost');
    expect((await act({ host, origin: `http://${host}` })).status).toBe(200);
  });
});

test('a port in use is an error that names it', async () => {
  const port = Number(new URL(local.url).port);
  await expect(startConsole(options({ port }))).rejects.toMatchObject({ code: 'EADDRINUSE', port });
});
