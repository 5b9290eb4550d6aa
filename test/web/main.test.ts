import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { getBuilt } from '../support/get-built.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

// Each test starts processes, which takes seconds where others are busy.
vi.setConfig({ testTimeout: 60_000 });

let script: string;
let database: TestDatabase;

beforeAll(async () => {
  script = await getBuilt('web.js');
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Run {
  child: ChildProcess;
  errors: Promise<string>;
  exit: Promise<number | null>;
  /** Resolves once it says `ready <url>`. */
  ready: Promise<void>;
}

function start(port: number, changes: Record<string, string> = {}): Run {
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    // The AWS SDK warns about the versions of Node that later releases want.
    NODE_NO_WARNINGS: '1',
    DATABASE_URL: database.connectionString,
    S3_BUCKET: 'files',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    PORTAL_URL: `http://127.0.0.1:${port}`,
    LINK_SECRET: 'l'.repeat(32),
    SESSION_SECRET: 's'.repeat(32),
    PORT: String(port),
    ...changes,
  };
  const child = spawn(process.execPath, [script], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const ready = new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(`ready http://127.0.0.1:${port}\n`)) resolve();
    });
    void exit.then((code) => reject(new Error(`ended with ${String(code)} before it was ready`)));
  });
  ready.catch(() => undefined);
  return { child, exit, ready, errors: text(child.stderr!) };
}

/** What `/readyz` answers, where anybody does. */
async function readiness(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
}

/** Until it drains: only then a signal is known to have been heard. Throws where it has stopped listening before. */
async function untilDraining(port: number): Promise<void> {
  while ((await readiness(port)) !== 503) await wait(20);
}

test('the process says where it listens, and on SIGTERM drains before it goes', async () => {
  const port = await freePort();
  const { child, ready, exit, errors } = start(port, { DRAIN_SECONDS: '5' });
  await ready;
  expect(await readiness(port)).toBe(200);
  child.kill('SIGTERM');
  await untilDraining(port);
  expect(await exit).toBe(0);
  expect(await errors).toBe('');
});

test('the process goes when its parent does', async () => {
  const { child, ready, exit } = start(await freePort());
  await ready;
  child.disconnect();
  expect(await exit).toBe(0);
});

test('a second signal ends it at once', async () => {
  const port = await freePort();
  const { child, ready, exit } = start(port, { DRAIN_SECONDS: '20' });
  await ready;
  child.kill('SIGTERM');
  // Two signals that are not heard apart are one.
  await untilDraining(port);
  child.kill('SIGTERM');
  expect(await exit).toBe(1);
});

test('a port in use is named in one line, and so is every variable that is wrong', async () => {
  const port = await freePort();
  const taken = createServer().listen(port, '127.0.0.1');
  await once(taken, 'listening');
  const refused = start(port);
  expect(await refused.exit).toBe(1);
  expect(await refused.errors).toBe(`Port ${port} is in use. Set PORT to a free one.\n`);
  taken.close();
  const wrong = start(port, { LINK_SECRET: 'short', S3_BUCKET: '' });
  expect(await wrong.exit).toBe(1);
  expect(await wrong.errors).toMatch(/S3_BUCKET is missing[\s\S]*LINK_SECRET: must be at least 32/);
});
