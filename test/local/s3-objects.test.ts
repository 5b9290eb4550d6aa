import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, errorCode, rawRequest, signRaw, startTestS3 } from './s3-support.js';
import type { TestS3 } from './s3-support.js';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3({ corsOrigins: ['https://portal.example'] });
});
afterAll(() => s3.remove());

const put = (Key: string, Body: string | Buffer | Readable, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: 'files', Key, Body, ...more }));
const get = async (Key: string, more: object = {}) => {
  const answer = await s3.client.send(new GetObjectCommand({ Bucket: 'files', Key, ...more }));
  return { ...answer, text: await answer.Body?.transformToString() };
};

describe('put, get, head, delete', () => {
  test('returns bytes, content type, metadata, md5 ETag and the checksum that the SDK validates', async () => {
    const body = Buffer.from('hello there');
    const stored = await put('plain.txt', body, { ContentType: 'text/plain', Metadata: { share: 's-1' } });
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    expect(stored.ETag).toBe(etag);
    const read = await get('plain.txt');
    expect(read).toMatchObject({ text: 'hello there', ContentType: 'text/plain', ETag: etag });
    expect(read.Metadata).toEqual({ share: 's-1' });
    expect(read.ChecksumCRC32).toBe(stored.ChecksumCRC32);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: 'files', Key: 'plain.txt' }));
    expect(head).toMatchObject({ ContentLength: 11, ETag: etag, AcceptRanges: 'bytes' });
  });

  test('accepts a stream with its checksum in the trailer and drops the aws-chunked coding', async () => {
    const bytes = Buffer.alloc(700_000, 'abc');
    const pieces = Array.from({ length: 7 }, (_, index) =>
      bytes.subarray(index * 100_000, (index + 1) * 100_000),
    );
    const stored = await put('stream.bin', Readable.from(pieces), { ContentLength: bytes.length });
    expect(stored.ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
    const read = await get('stream.bin');
    expect(read.text).toBe(bytes.toString());
    expect(read.ContentEncoding).toBeUndefined();
  });

  test('keeps an empty object and replaces an object whole', async () => {
    await put('empty', '');
    expect(await get('empty')).toMatchObject({ text: '', ContentLength: 0 });
    await put('empty', 'now more');
    expect(await get('empty')).toMatchObject({ text: 'now more' });
  });

  test('keeps the buckets apart', async () => {
    await put('apart', 'x');
    const elsewhere = s3.client.send(new GetObjectCommand({ Bucket: 'mirror', Key: 'apart' }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('deletes once or twice with the same answer, and removes the bytes from disk', async () => {
    const data = join(s3.dataDir, 'buckets/files/data');
    const before = (await readdir(data)).length;
    await put('gone', 'x');
    for (let round = 0; round < 2; round++) {
      await s3.client.send(new DeleteObjectCommand({ Bucket: 'files', Key: 'gone' }));
    }
    await expect(get('gone')).rejects.toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
    expect((await readdir(data)).length).toBe(before);
  });

  test('deletes many keys in one request, also those that XML must escape', async () => {
    const keys = ['many/a', 'many/<b> & "c"', 'many/ü🙂'];
    for (const key of keys) await put(key, 'x');
    const Objects = [...keys, 'many/never-there'].map((Key) => ({ Key }));
    const answer = await s3.client.send(new DeleteObjectsCommand({ Bucket: 'files', Delete: { Objects } }));
    expect(answer.Deleted?.map((entry) => entry.Key)).toEqual([...keys, 'many/never-there']);
    const left = await s3.client.send(new ListObjectsV2Command({ Bucket: 'files', Prefix: 'many/' }));
    expect(left.KeyCount).toBe(0);
  });
});

describe('keys', () => {
  const names = [
    'ü/Grüße 🙂.pdf',
    '../../../../etc/passwd',
    '/lead',
    'a//b',
    'a+b c%20d',
    '..',
    "it's (1)!*",
    'x\ny',
  ];
  test.each(names)('keeps the key %j safe and unchanged', async (key) => {
    await put(key, key);
    expect((await get(key)).text).toBe(key);
    const listed = await s3.client.send(new ListObjectsV2Command({ Bucket: 'files', Prefix: key }));
    expect(listed.Contents?.map((entry) => entry.Key)).toContain(key);
  });

  test('names files on disk by hash or random id, never by key', async () => {
    const files = await readdir(s3.dataDir, { recursive: true });
    const own =
      /^(outbox|buckets(\/(files|mirror)(\/(objects|data)(\/([0-9a-f]{64}\.json|[0-9a-f-]{36}))?)?)?)$/;
    expect(files.filter((file) => !own.test(file))).toEqual([]);
  });

  test('takes 1024 bytes and refuses 1025', async () => {
    await put('é'.repeat(512), 'x');
    await expect(put(`${'é'.repeat(512)}a`, 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });
});

describe('answers beside the objects', () => {
  beforeAll(() => put('ten.txt', '0123456789'));
  test('names missing buckets and operations it does not have', async () => {
    const nowhere = new PutObjectCommand({ Bucket: 'nowhere', Key: 'a', Body: 'x' });
    await expect(s3.client.send(nowhere)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(s3.client.send(new HeadBucketCommand({ Bucket: 'files' }))).resolves.toBeDefined();
    const acl = new GetObjectAclCommand({ Bucket: 'files', Key: 'ten.txt' });
    await expect(s3.client.send(acl)).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('puts a request id on every answer, errors included', async () => {
    const answer = await rawRequest(s3.url, 'GET', '/files/none');
    expect(answer.status).toBe(403);
    expect(answer.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
    expect(answer.body).toContain(`<RequestId>${String(answer.headers['x-amz-request-id'])}</RequestId>`);
  });

  test('answers the preflight of an allowed origin and exposes the ETag to it', async () => {
    const ask = (origin: string) =>
      rawRequest(s3.url, 'OPTIONS', '/files/a', {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      });
    const allowed = await ask('https://portal.example');
    expect(allowed.status).toBe(200);
    expect(allowed.headers['access-control-allow-origin']).toBe('https://portal.example');
    expect(allowed.headers['access-control-allow-methods']).toContain('PUT');
    expect(allowed.headers['access-control-allow-headers']).toBe('content-type');
    expect(allowed.headers['access-control-expose-headers']).toContain('ETag');
    const other = await ask('https://evil.example');
    expect(other.status).toBe(403);
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('fails buckets and requests on purpose, set over HTTP', async () => {
    const set = (faults: object) =>
      rawRequest(
        s3.url,
        'PUT',
        '/_control/faults',
        { 'content-type': 'application/json' },
        JSON.stringify(faults),
      );
    expect((await set({ failBuckets: { files: 'down', mirror: 'not-found' } })).status).toBe(200);
    await expect(get('ten.txt')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    const mirrored = new GetObjectCommand({ Bucket: 'mirror', Key: 'a' });
    await expect(s3.client.send(mirrored)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await set({ failRequests: { status: 500, count: 1 } });
    await expect(get('ten.txt')).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect((await get('ten.txt')).text).toBe('0123456789');
    expect((await set({ events: 'sometimes' })).status).toBe(400);
    const fromPage = await rawRequest(s3.url, 'GET', '/_control/faults', {
      origin: 'https://portal.example',
    });
    expect(fromPage.status).toBe(403);
    await set({ failBuckets: { files: 'slow' }, delayMs: 300 });
    const startedAt = performance.now();
    await get('ten.txt');
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    await set({});
  });

  test('lets the SDK retry what fails once', async () => {
    const client = createClient(s3.url, { maxAttempts: 3 });
    s3.faults.failRequests = { status: 503, count: 1 };
    await client.send(new PutObjectCommand({ Bucket: 'files', Key: 'retried', Body: 'x' }));
    expect((await get('retried')).text).toBe('x');
    client.destroy();
  });
});

test('demands a length for a plain body', async () => {
  const { headers } = signRaw(s3.url, 'PUT', '/files/long', 'UNSIGNED-PAYLOAD');
  const answer = await rawRequest(
    s3.url,
    'PUT',
    '/files/long',
    { ...headers, 'transfer-encoding': 'chunked' },
    'abc',
  );
  expect(answer.status).toBe(411);
  expect(errorCode(answer)).toBe('MissingContentLength');
});
