import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { getBuilt } from '../support/get-built.js';
import { createClient, credentials } from './s3-support.js';

const mib = 1024 ** 2;
const Bucket = 'files';

let script: string;
let folder: string;
let dataDir: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  script = await getBuilt('local/s3.js');
  folder = await mkdtemp(join(tmpdir(), 'local-s3-process-'));
  dataDir = join(folder, 'data');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function launch(env: Record<string, string> = {}, ipc = false): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])];
  const child = spawn(process.execPath, [script], {
    stdio,
    env: {
      LOCAL_S3_PORT: '0',
      LOCAL_S3_DATA_DIR: dataDir,
      LOCAL_S3_BUCKETS: 'files, mirror',
      LOCAL_S3_ACCESS_KEY_ID: credentials.accessKeyId,
      LOCAL_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...env,
    },
  });
  children.add(child);
  return child;
}

async function start(env: Record<string, string> = {}, ipc = false) {
  const child = launch(env, ipc);
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /^ready (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line.toString())?.[1];
  if (url === undefined) throw new Error(`unexpected first line: ${line.toString()}`);
  return { child, url, client: createClient(url) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill(signal);
  return (await exited)[0];
}

test('survives kill -9: what was answered is there, what was not is gone, and the upload goes on', async () => {
  const first = await start({ LOCAL_S3_EVENT_TARGET: 'http://127.0.0.1:1/none' });
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept bytes' }));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'shares/1/ready', Body: '' }));
  const { UploadId } = await first.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key: 'parts', ContentType: 'text/plain' }),
  );
  const parts = { Bucket, Key: 'parts', UploadId };
  const partA = Buffer.alloc(5 * mib, 'a');
  const sent = await first.client.send(new UploadPartCommand({ ...parts, PartNumber: 1, Body: partA }));
  const endless = new Readable({ read: () => undefined });
  endless.push(Buffer.alloc(2 * mib));
  const hanging = first.client
    .send(new PutObjectCommand({ Bucket, Key: 'half', Body: endless, ContentLength: 9 * mib }))
    .catch(() => 'failed');
  const data = join(dataDir, 'buckets/files/data');
  await expect.poll(async () => (await readdir(data)).length).toBe(4);
  await end(first.child, 'SIGKILL');
  expect(await hanging).toBe('failed');
  first.client.destroy();
  await writeFile(join(dataDir, 'buckets/files/objects/tmp-torn'), '{"key":');

  const invoked: string[] = [];
  const target = createHttpServer((request, response) => {
    void text(request).then((body) => {
      invoked.push(body);
      response.writeHead(202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const second = await start({
    LOCAL_S3_EVENT_TARGET: `http://127.0.0.1:${String((target.address() as AddressInfo).port)}/`,
  });
  const read = async (Key: string) => {
    const { Body, ContentType } = await second.client.send(new GetObjectCommand({ Bucket, Key }));
    return { ContentType, text: await Body?.transformToString() };
  };
  expect((await read('kept')).text).toBe('kept bytes');
  await expect(read('half')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect(await readdir(data)).toHaveLength(3);
  expect(await readdir(join(dataDir, 'buckets/files/objects'))).toHaveLength(2);
  await expect.poll(() => invoked.length).toBe(1);
  expect(invoked[0]).toContain('"key":"shares/1/ready"');
  const { ETag } = await second.client.send(new UploadPartCommand({ ...parts, PartNumber: 2, Body: 'b' }));
  const Parts = [
    { PartNumber: 1, ETag: sent.ETag },
    { PartNumber: 2, ETag },
  ];
  await second.client.send(new CompleteMultipartUploadCommand({ ...parts, MultipartUpload: { Parts } }));
  expect(await read('parts')).toEqual({ ContentType: 'text/plain', text: `${partA.toString()}b` });
  second.client.destroy();
  expect(await end(second.child, 'SIGTERM')).toBe(0);
  target.close();
});

test('never tears an object that many write and read at once', async () => {
  const { child, client } = await start();
  const versions = Array.from({ length: 12 }, (_, index) => Buffer.alloc(300_000 + index, 65 + index));
  const digests = new Set(versions.map((bytes) => createHash('md5').update(bytes).digest('hex')));
  const put = (Body: Buffer) => client.send(new PutObjectCommand({ Bucket, Key: 'race', Body }));
  const readOnce = async (): Promise<void> => {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key: 'race' }));
    const digest = createHash('md5')
      .update((await Body?.transformToByteArray()) ?? '')
      .digest('hex');
    expect(ETag).toBe(`"${digest}"`);
    expect(digests).toContain(digest);
  };
  await put(versions[0] ?? Buffer.alloc(0));
  await Promise.all(versions.flatMap((bytes) => [put(bytes), readOnce(), readOnce()]));
  await readOnce();
  client.destroy();
  expect(await end(child, 'SIGINT')).toBe(0);
});

test('stores and streams 256 MiB in flat memory', async () => {
  const { child, client } = await start();
  const block = randomBytes(mib);
  const body = Readable.from(
    (function* () {
      for (let count = 0; count < 256; count++) yield block;
    })(),
  );
  await client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: body, ContentLength: 256 * mib }));
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'large' }));
  let receivedBytes = 0;
  for await (const chunk of Body as Readable) receivedBytes += (chunk as Buffer).length;
  expect(receivedBytes).toBe(256 * mib);
  if (process.platform === 'linux') {
    const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${String(child.pid)}/status`, 'utf8'))?.[1];
    // Node 24 is some MiB larger than Node 20, whatever it streams.
    expect(Number(peak) / 1024).toBeLessThan(160);
  }
  client.destroy();
});

test('says in one line which port is taken and which variable changes it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const port = String((holder.address() as AddressInfo).port);
  const child = launch({ LOCAL_S3_PORT: port });
  const [exit, message] = await Promise.all([once(child, 'exit'), text(child.stderr ?? Readable.from([]))]);
  expect(exit[0]).toBe(1);
  expect(message.trim().split('\n')).toHaveLength(1);
  expect(message).toContain(port);
  expect(message).toContain('LOCAL_S3_PORT');
  holder.close();
});

test('ends when the process that started it over IPC is gone', async () => {
  const { child, client } = await start({}, true);
  const exited = once(child, 'exit');
  child.disconnect();
  expect((await exited)[0]).toBe(0);
  client.destroy();
});
