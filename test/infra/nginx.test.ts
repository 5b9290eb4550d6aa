import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { renderConfig } from '../../local/nginx/render-config.js';
import { startNginx, type Nginx, type NginxOptions } from '../../local/nginx/start-nginx.js';
import { SERVER_PATH } from '../../local/start/debian-server.js';
import { findFreePorts } from '../../local/start/ports.js';
import { hasNginx, NGINX_HINT } from '../support/has-nginx.js';
import { createSecureFetch, type Fetch } from '../support/secure-fetch.js';

const isMissing = !hasNginx() && !process.env.CI;
const TEMPLATES = path.resolve(import.meta.dirname, '../../infra/nginx');
const STYLE = 'style-ABCD1234.css';
const TOKEN = 'tOkEn-that-nobody-may-read';

/** What reached an upstream. */
interface Reached {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  firstByteAt: number;
}

/** An instance that answers as it is told. */
interface Upstream {
  address: string;
  reached: Reached[];
  answer: (response: ServerResponse) => void;
  close(): Promise<unknown>;
}

let folder: string;
let portals: [Upstream, Upstream];
let bot: Upstream;
let storage: Upstream;
let storageUrl: string;
let options: NginxOptions;
let nginx: Nginx;
let certificate: Buffer;
let client: { fetch: Fetch; close(): void };

describe.skipIf(isMissing)(`nginx as it is configured${isMissing ? ` (skipped: ${NGINX_HINT})` : ''}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'passalong-nginx-'));
    await mkdir(path.join(folder, 'assets'));
    await writeFile(path.join(folder, 'assets', STYLE), 'body { color: teal }'.repeat(100));
    await writeFile(path.join(folder, 'assets', `${STYLE}.map`), 'a source');
    portals = [await startUpstream(), await startUpstream()];
    [bot, storage] = [await startUpstream(), await startUpstream()];
    const [port = 0, storagePort = 0] = await findFreePorts(2);
    storageUrl = `http://127.0.0.1:${storagePort}`;
    options = {
      templates: TEMPLATES,
      runDir: path.join(folder, 'run'),
      assetRoot: folder,
      port,
      portals: portals.map(({ address }) => address),
      bots: [bot.address],
      storage: { port: storagePort, server: storage.address },
    };
  });

  afterAll(async () => {
    for (const upstream of [...portals, bot, storage]) await upstream.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await start();
    for (const upstream of [...portals, bot, storage]) {
      upstream.reached = [];
      upstream.answer = (response) => response.end('fine');
    }
  });

  afterEach(async () => {
    client.close();
    await nginx.close();
  });

  const ask = (path: string, init?: RequestInit): Promise<Response> => client.fetch(nginx.url + path, init);
  const reached = (): Reached[] => portals.flatMap((portal) => portal.reached);

  test('what a client says about itself reaches no portal', async () => {
    const headers = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '80',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
    };
    expect((await ask('/', { headers })).status).toBe(200);
    const [{ headers: seen }] = reached() as [Reached];
    expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' });
    expect(
      Object.keys(seen).filter((name) => /forwarded-(host|port)|real-ip|^forwarded$/.test(name)),
    ).toEqual([]);
    expect(seen.host).toBe(new URL(nginx.url).host);
  });

  test('HTTP/2 is spoken, plain http is led to https, and nginx does not say which it is', async () => {
    const session = connectHttp2(nginx.url, { ca: certificate });
    const stream = session.request({ ':path': '/' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers).toMatchObject({ ':status': 200, server: 'nginx' });
    session.close();
    const plain = await fetch(nginx.url.replace('https', 'http') + '/register?x=1', { redirect: 'manual' });
    expect([plain.status, plain.headers.get('location')]).toEqual([308, `${nginx.url}/register?x=1`]);
  });

  test('assets come from the disk, to be kept for a year; what is not one comes from a portal', async () => {
    const style = await ask(`/assets/${STYLE}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(style.status).toBe(200);
    expect(Object.fromEntries(style.headers)).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/css',
      'content-encoding': 'gzip',
      'x-content-type-options': 'nosniff',
    });
    expect(reached()).toEqual([]);
    // A name of another version, and what is no asset.
    for (const name of ['style-ZYXW9876.css', `${STYLE}.map`, 'manifest.json', '../run/key.pem']) {
      expect(await (await ask(`/assets/${name}`)).text()).toBe('fine');
    }
    expect(reached()).toHaveLength(4);
  });

  test('no page is compressed: its length would tell of its tokens', async () => {
    for (const portal of portals)
      portal.answer = (response) => response.setHeader('content-type', 'text/html').end('page '.repeat(1000));
    const page = await ask('/', { headers: { 'accept-encoding': 'gzip' } });
    expect(page.headers.get('content-encoding')).toBeNull();
  });

  test('a GET that one portal drops is answered by the other', async () => {
    dropNext();
    expect(await (await ask('/shares')).text()).toBe('fine');
    expect(reached()).toHaveLength(2);
  });

  test('a POST that one portal drops is not asked of the other: it may have been done', async () => {
    dropNext();
    const refused = await ask('/shares', { method: 'POST', body: '{}' });
    expect(refused.status).toBe(502);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.text()).toContain('The portal cannot be reached right now.');
    expect(reached()).toHaveLength(1);
  });

  test('a POST that no portal has seen yet goes to the one that listens', async () => {
    await portals[0].close();
    for (let round = 0; round < 4; round += 1)
      expect((await ask('/shares', { method: 'POST', body: '{}' })).status).toBe(200);
    expect(portals[1].reached).toHaveLength(4);
    portals[0] = await startUpstream(portals[0].address);
  });

  test('a portal whose database is away is heard out, and not taken out for it', async () => {
    for (const portal of portals)
      portal.answer = (response) => response.writeHead(503).end('Try again in a minute');
    for (let round = 0; round < 4; round += 1) {
      const answer = await ask('/shares');
      expect([answer.status, await answer.text()]).toEqual([503, 'Try again in a minute']);
    }
    expect(portals.map((portal) => portal.reached.length)).toEqual([2, 2]);
  });

  test('/healthz is of nginx; /readyz asks the other portal where one drains', async () => {
    expect(await (await ask('/healthz')).text()).toBe('ok\n');
    expect(reached()).toEqual([]);
    portals[0].answer = (response) => response.writeHead(503).end();
    for (let round = 0; round < 3; round += 1) expect((await ask('/readyz')).status).toBe(200);
    expect(portals[1].reached).toHaveLength(3);
  });

  test('Slack and storage are sent to as the bytes come, a portal once they are all there', async () => {
    const secure = (path: string, method: string) =>
      httpsRequest(nginx.url + path, { method, ca: certificate, headers: { 'content-length': '4000' } });
    for (const [upstream, send] of [
      [bot, () => secure('/slack/events', 'POST')],
      [
        storage,
        () => {
          const headers = { 'content-length': '4000' };
          return httpRequest(`${storageUrl}/passalong/shares/x`, { method: 'PUT', headers });
        },
      ],
    ] as const) {
      const sending = send();
      sending.write('x'.repeat(2000));
      const answered = once(sending, 'response');
      await until(() => upstream.reached.length === 1 && upstream.reached[0]!.firstByteAt > 0);
      sending.end('x'.repeat(2000));
      await answered;
    }
    const form = secure('/shares', 'POST');
    form.write('x'.repeat(2000));
    await wait(300);
    expect(reached()).toEqual([]);
    const answered = once(form, 'response');
    form.end('x'.repeat(2000));
    await answered;
    expect(reached()).toHaveLength(1);
  });

  test('more than a portal or Slack ever sends is refused, with a page; a part of a file is not', async () => {
    const tooMuch = await ask('/shares', { method: 'POST', body: 'x'.repeat(200_000) });
    expect([tooMuch.status, await tooMuch.text()]).toEqual([
      413,
      expect.stringContaining('too much at once'),
    ]);
    const body = 'x'.repeat(600_000);
    expect((await ask('/slack/events', { method: 'POST', body })).status).toBe(413);
    expect((await fetch(`${storageUrl}/passalong/shares/x`, { method: 'PUT', body })).status).toBe(200);
    expect([reached().length, bot.reached.length, storage.reached.length]).toEqual([0, 0, 1]);
  });

  test('passwords are limited by 30 at once, and looking at the form is not', async () => {
    const { limited, passed, seconds } = await flood(60, () =>
      ask('/Sign-In', { method: 'POST', body: 'email=x' }),
    );
    expect(passed).toBeGreaterThanOrEqual(31);
    expect(passed).toBeLessThanOrEqual(32 + seconds);
    expect(limited[0]!.headers.get('retry-after')).toBe('5');
    expect(await limited[0]!.text()).toContain('Wait a few seconds, then load this page again.');
    expect((await flood(60, () => ask('/sign-in'))).limited).toEqual([]);
  });

  test('links are limited by a hundred at once', async () => {
    const { passed, seconds } = await flood(300, (n) => ask(`/l/${n}`));
    expect(passed).toBeGreaterThanOrEqual(101);
    expect(passed).toBeLessThanOrEqual(102 + 10 * seconds);
  });

  test('no log has a token or a query, whatever becomes of the request', async () => {
    const paths = ['l', 'confirm', 'reset', 'connect', 'workspace-log'].flatMap((name) => [
      `/${name}/${TOKEN}`,
      `/${name.toUpperCase()}/${TOKEN}/report?next=${TOKEN}`,
      `//${name}/${TOKEN}`,
    ]);
    paths.push(
      `/sign-in?next=/workspace-log/${TOKEN}`,
      `/slack/oauth_redirect?code=${TOKEN}`,
      `/%6c/${TOKEN}`,
    );
    const referer = `${nginx.url}/l/${TOKEN}`;
    for (const each of paths) await ask(each, { headers: { referer } });
    // Also where nginx itself has something to complain of.
    for (const portal of portals) portal.answer = (response) => response.destroy();
    for (const each of paths) await ask(each, { method: 'POST', body: TOKEN });
    const tooMuch = await ask(`/l/${TOKEN}/report`, { method: 'POST', body: 'x'.repeat(200_000) });
    expect(tooMuch.status).toBe(413);
    await fetch(`${storageUrl}/passalong/shares/${TOKEN}?X-Amz-Signature=${TOKEN}`);

    const logs = (await readdir(path.join(folder, 'run'))).filter((name) => name.endsWith('.log'));
    expect(logs.sort()).toEqual(['access.log', 'error.log']);
    for (const log of logs)
      expect(await readFile(path.join(folder, 'run', log), 'utf8')).not.toContain(TOKEN);
    const lines = (await readFile(nginx.accessLogPath, 'utf8'))
      .trim()
      .split('\n')
      .slice(-paths.length - 2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ method: 'POST', path: '/l/…' });
    expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ method: 'POST', path: '/l/…', status: 413 });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ method: 'GET', path: '/passalong/…' });
  });

  test('the templates take what production gives: a balancer in front, another folder, no storage', async () => {
    const configDir = path.join(folder, 'production');
    const values = {
      RUN_DIR: configDir,
      ASSET_ROOT: '/opt/passalong/dist',
      ERROR_ROOT: '/opt/passalong/infra/nginx',
      LISTEN: `[::1]:${(await findFreePorts(1))[0]}`,
      SERVER_NAME: 'share.example.com',
      CERTIFICATE: nginx.certificatePath,
      CERTIFICATE_KEY: path.join(path.dirname(nginx.certificatePath), 'key.pem'),
      TRUSTED_PROXIES: 'set_real_ip_from 10.0.0.0/16; set_real_ip_from fd00::/8;',
      PORTAL_SERVERS: 'server 127.0.0.1:3000; server 127.0.0.1:3010;',
      BOT_SERVERS: 'server 127.0.0.1:3002;',
    };
    await renderConfig({ templates: TEMPLATES, configDir, values });
    expect((await readdir(configDir)).sort()).toEqual(['nginx.conf', 'portal.conf', 'proxy.conf']);
    const flags = ['-t', '-e', path.join(configDir, 'error.log'), '-c', path.join(configDir, 'nginx.conf')];
    const { stderr } = await promisify(execFile)('nginx', flags, { env: { PATH: SERVER_PATH } });
    expect(stderr).toContain('test is successful');
    expect(stderr).not.toContain('[warn]');

    const { LISTEN: _listen, ...without } = values;
    await expect(renderConfig({ templates: TEMPLATES, configDir, values: without })).rejects.toThrow(
      'portal.conf asks for LISTEN',
    );
    const more = { ...values, LISTNE: '443' };
    await expect(renderConfig({ templates: TEMPLATES, configDir, values: more })).rejects.toThrow(
      'no template asks for LISTNE',
    );
  });

  async function flood(count: number, send: (n: number) => Promise<Response>) {
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => send(n)));
    const limited = answers.filter(({ status }) => status === 429);
    const seconds = (performance.now() - startedAt) / 1000;
    return { limited, passed: count - limited.length, seconds };
  }

  function dropNext(): void {
    let drops = 1;
    for (const portal of portals)
      portal.answer = (response) => (drops-- > 0 ? response.destroy() : response.end('fine'));
  }

  /** A failure takes a portal out for five seconds, of which the next test wants to know nothing. */
  async function start(): Promise<void> {
    nginx = await startNginx(options);
    certificate = await readFile(nginx.certificatePath);
    client = createSecureFetch(certificate);
  }
});

async function startUpstream(address = '127.0.0.1:0'): Promise<Upstream> {
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const entry: Reached = { method, url, headers, firstByteAt: 0 };
    upstream.reached.push(entry);
    request.once('data', () => (entry.firstByteAt = performance.now()));
    request.resume();
    request.once('end', () => {
      upstream.answer(response);
    });
    request.once('error', () => undefined);
  });
  server.listen(Number(address.split(':')[1]), '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: [],
    answer: () => undefined,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 12_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('it did not come to that');
    await wait(50);
  }
}
