import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createS3Member } from '../../adapters/s3-member.js';
import { createShare } from '../../core/shares/create-share.js';
import { revokeShare } from '../../core/shares/revoke-share.js';
import { credentials, startTestS3, type TestS3 } from '../local/s3-support.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, fakeQueue, limits } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { shareRequest } from '../support/shares.js';

const bytes = randomBytes(300_000);

let database: OpenTestDatabase;
let workerPath: string;
let s3: TestS3;
let platform: Server;
/** What the platform does with a request for a file. */
let serve: (response: ServerResponse) => void;
let requests = 0;
/** The last that was started, which goes on in the next test: a start takes a second of processor. */
let worker: TestWorker | undefined;

type TestWorker = ChildProcess & { output: () => string };

beforeAll(async () => {
  workerPath = await getBuilt('worker.js');
  [database, s3] = await Promise.all([openTestDatabase(), startTestS3()]);
  platform = createServer((_, response) => {
    requests += 1;
    serve(response);
  });
  platform.listen(0, '127.0.0.1');
  await once(platform, 'listening');
});

afterAll(async () => {
  if (worker) await end(worker, 'SIGKILL');
  platform.closeAllConnections();
  platform.close();
  await s3.remove();
  await database.release();
});

beforeEach(() => {
  requests = 0;
  serve = (response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
});

const platformHost = () => `127.0.0.1:${(platform.address() as AddressInfo).port}`;

/** A worker that runs, as it ships, with short leases. Resolves when it says that it is ready. */
async function runWorker(): Promise<TestWorker> {
  if (worker && isRunning(worker)) return worker;
  const started = spawn(process.execPath, [workerPath], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'development',
      LEASE_SECONDS: '3',
      DATABASE_URL: database.connectionString,
      S3_BUCKET: 'files',
      S3_ENDPOINT: s3.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      DISCORD_TOKEN: 'token',
      DISCORD_APPLICATION_ID: '12345678901234567',
      DISCORD_FILE_HOSTS: platformHost(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  worker = Object.assign(started, { output: () => output });
  await until(async () => /^ready/m.test(output) || started.exitCode !== null);
  expect(started.exitCode, output).toBeNull();
  return worker;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (isRunning(worker)) {
    worker.kill(signal);
    await once(worker, 'exit');
  }
  return worker.exitCode;
}

/** A share of one file on the platform; the job is left to the reconciler, as if the queue had lost it. */
async function accept(): Promise<{ accountId: string; shareId: string }> {
  const { id: accountId } = await createAccount(database.db);
  const source = { kind: 'discord' as const, url: `http://${platformHost()}/a.bin` };
  const files = [{ name: 'a.bin', sizeBytes: bytes.length, source }];
  const deps = { db: database.db, queue: fakeQueue(), log: fakeLog(), limits };
  const { shareId } = await createShare(deps, accountId, shareRequest({ entrance: 'DISCORD', files }));
  return { accountId, shareId };
}

const read = (shareId: string) =>
  database.db.share.findUniqueOrThrow({ where: { id: shareId }, include: { attachments: true } });

async function keysOf(shareId: string): Promise<string[]> {
  const { objects } = await createS3Member(s3.client, 'files').list(`shares/${shareId}/`);
  return objects.map(({ key }) => key);
}

test('a share whose worker is killed in the middle is finished by another', async () => {
  serve = (response) =>
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 150_000));
  const first = await runWorker();
  const { shareId } = await accept();
  await until(async () => requests > 0);
  await end(first, 'SIGKILL');
  expect((await read(shareId)).state).toBe('STORING');

  serve = (response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  await runWorker();
  await until(async () => (await read(shareId)).markedAt !== null);
  const { state, fence, attachments } = await read(shareId);
  expect({ state, fence }).toEqual({ state: 'READY', fence: 2 });
  expect(attachments[0]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(await keysOf(shareId)).toHaveLength(2);
});

test('a platform that hangs up in the middle ends no worker, and is asked again', async () => {
  serve = (response) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 150_000));
    setTimeout(() => response.destroy(), 50);
  };
  const worker = await runWorker();
  const { shareId } = await accept();
  await until(async () => requests > 0);
  await until(async () => (await read(shareId)).state === 'RECEIVED');
  expect(await keysOf(shareId)).toEqual([]);
  serve = (response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  await until(async () => (await read(shareId)).state === 'READY');
  expect(worker.exitCode).toBeNull();
});

test('a share that is revoked has its objects deleted, though the job was lost', async () => {
  const { accountId, shareId } = await accept();
  await runWorker();
  await until(async () => (await read(shareId)).markedAt !== null);
  await revokeShare({ db: database.db, queue: fakeQueue(), log: fakeLog() }, accountId, shareId);
  await until(async () => (await read(shareId)).objectsDeletedAt !== null);
  expect(await keysOf(shareId)).toEqual([]);
  expect((await read(shareId)).attachments[0]?.state).toBe('DELETED');
});

test('a worker stores a share whose job was lost, marks it, and ends in order when it is asked to', async () => {
  const worker = await runWorker();
  const { shareId } = await accept();
  await until(async () => (await read(shareId)).markedAt !== null);
  const { state, attachments } = await read(shareId);
  expect(state).toBe('READY');
  expect(attachments[0]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  const stored = await createS3Member(s3.client, 'files').open(attachments[0]?.storageKey ?? '');
  expect((await buffer(stored.bytes)).equals(bytes)).toBe(true);
  expect(await keysOf(shareId)).toEqual([attachments[0]?.storageKey, `shares/${shareId}/ready`].sort());
  expect(await end(worker, 'SIGTERM'), worker.output()).toBe(0);
  expect(worker.output()).not.toMatch(/"level":50/);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error('waited 16 s in vain');
}
