import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemberHealth } from '../../adapters/member-health.js';
import { createMirroredFileStore } from '../../adapters/mirrored-file-store.js';
import { createS3Client } from '../../adapters/s3.js';
import { createS3Member } from '../../adapters/s3-member.js';
import { createS3ReadyMarks } from '../../adapters/s3-ready-marks.js';
import type { FileStore, ReadyMarks } from '../../core/ports.js';
import { credentials, startTestS3, type TestS3 } from '../local/s3-support.js';
import { fakeFiles, fakeLog } from '../support/fakes.js';

process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;

let s3: TestS3;
let onS3: FileStore;
let onTwo: FileStore;
const inMemory = fakeFiles();

beforeAll(async () => {
  s3 = await startTestS3({ buckets: ['files', 'mirror', 'first', 'second'] });
  onS3 = storeOn(client());
  onTwo = createMirroredFileStore(
    [createS3Member(client(), 'first'), createS3Member(client(), 'second')],
    createMemberHealth(fakeLog()),
  );
});

afterAll(() => s3.remove());

/** The same with two keys a page. */
function limited({ input }: ListObjectsV2Command): ListObjectsV2Command {
  return new ListObjectsV2Command({ ...input, MaxKeys: 2 });
}

function client(endpoint = s3.url) {
  const unset = { publicEndpoint: undefined, credentials: undefined };
  return createS3Client({ name: 'files', region: 'us-east-1', bucket: 'files', endpoint, ...unset });
}

function storeOn(s3Client: S3Client, bucket = 'files'): FileStore {
  return createMirroredFileStore([createS3Member(s3Client, bucket)], createMemberHealth(fakeLog()));
}

function marksOn(s3Client: S3Client, bucket = 'files'): ReadyMarks {
  return createS3ReadyMarks([createS3Member(s3Client, bucket)], createMemberHealth(fakeLog()));
}

describe.each([
  ['in memory', () => inMemory],
  ['on S3', () => onS3],
  ['with a mirror', () => onTwo],
])('a file store %s', (_, getStore) => {
  const read = async (key: string): Promise<Buffer> => buffer((await getStore().open(key)).bytes);
  const keys = async (prefix: string): Promise<string[]> => {
    const found = new Set<string>();
    let page = await getStore().list(prefix);
    for (;;) {
      for (const { key } of page.objects) found.add(key);
      if (!page.next) return [...found];
      page = await getStore().list(prefix, page.next);
    }
  };

  test.each([
    ['a few bytes', [Buffer.from('abc')]],
    ['bytes in many pieces', Array.from({ length: 500 }, () => randomBytes(1_000))],
    ['several megabytes', Array.from({ length: 50 }, () => randomBytes(100_000))],
  ])('gives %s back as they were', async (what, chunks) => {
    const bytes = Buffer.concat(chunks);
    await getStore().put(`shares/1/${what}`, Readable.from(chunks), bytes.length);
    expect((await read(`shares/1/${what}`)).equals(bytes)).toBe(true);
  });

  test('never overwrites a key', async () => {
    await getStore().put('shares/2/a', Readable.from([Buffer.from('first')]), 5);
    await expect(getStore().put('shares/2/a', Readable.from([Buffer.from('other')]), 5)).rejects.toThrow();
    expect((await read('shares/2/a')).toString()).toBe('first');
  });

  test.each([
    ['breaks at once', 0],
    ['breaks after a little', 1_000],
    ['breaks after a lot', 4_000_000],
  ])('keeps nothing of a body that %s, and throws its error as it is', async (_name, sentBytes) => {
    const reason = new Error('the platform hung up');
    const body = Readable.from(
      (async function* () {
        for (let count = 0; count < sentBytes; count += 1_000) yield randomBytes(1_000);
        throw reason;
      })(),
    );
    await expect(getStore().put('shares/3/broken', body, 5_000_000)).rejects.toBe(reason);
    expect(await keys('shares/3/')).toEqual([]);
    expect(body.destroyed).toBe(true);
  });

  test.each([
    ['shorter', 9, 10],
    ['longer', 11, 10],
    ['much shorter', 10, 4_000_000],
  ])('keeps nothing of a body that is %s than said', async (_name, sentBytes, saidBytes) => {
    await expect(
      getStore().put('shares/4/x', Readable.from([randomBytes(sentBytes)]), saidBytes),
    ).rejects.toThrow();
    expect(await keys('shares/4/')).toEqual([]);
  });

  test('keeps nothing of a body that goes on after the bytes that were said', async () => {
    const body = Readable.from([randomBytes(10), randomBytes(1)]);
    await expect(getStore().put('shares/4/y', body, 10)).rejects.toThrow();
    expect(await keys('shares/4/')).toEqual([]);
  });

  test('says whether an object is there', async () => {
    await expect(getStore().open('shares/5/none')).rejects.toMatchObject({ kind: 'not_found' });
    expect(await getStore().has('shares/5/none')).toBe(false);
    await getStore().put('shares/5/one', Readable.from([Buffer.from('x')]), 1);
    expect(await getStore().has('shares/5/one')).toBe(true);
    expect(await getStore().has('shares/5')).toBe(false);
  });

  test('lists with ages, and deletes all under a prefix and nothing else, as often as asked', async () => {
    for (const key of ['shares/6/a', 'shares/6/b', 'shares/66/a']) {
      await getStore().put(key, Readable.from([Buffer.from('x')]), 1);
    }
    const { objects } = await getStore().list('shares/6/');
    expect(objects.map(({ key }) => key)).toEqual(['shares/6/a', 'shares/6/b']);
    for (const { modifiedAt } of objects)
      expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(60_000);
    await getStore().deleteAll('shares/6/');
    await getStore().deleteAll('shares/6/');
    expect(await keys('shares/6')).toEqual(['shares/66/a']);
  });
});

describe('the file store on S3', () => {
  test('aborts unfinished uploads under a prefix with the objects', async () => {
    const begin = (Key: string) => s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'files', Key }));
    await begin('shares/7/a');
    await begin('shares/8/a');
    await onS3.deleteAll('shares/7/');
    const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: 'files' }));
    expect(Uploads.map(({ Key }) => Key)).toEqual(['shares/8/a']);
  });

  test('lists more than a page through, by the key that it gave last', async () => {
    const onePage = { send: (command: ListObjectsV2Command) => s3.client.send(limited(command)) };
    const store = storeOn(onePage as unknown as S3Client, 'mirror');
    const marks = marksOn(s3.client, 'mirror');
    for (const shareId of ['1', '2', '3']) await marks.markShare(shareId);
    const first = await store.list('shares/');
    expect(first).toMatchObject({
      objects: [{ key: 'shares/1/ready' }, { key: 'shares/2/ready' }],
      next: '0:shares/2/ready',
    });
    const second = await store.list('shares/', first.next);
    expect(second.objects.map(({ key }) => key)).toEqual(['shares/3/ready']);
    expect(second.next).toBeUndefined();
  });

  test('says unavailable, with a reference, where storage is down or not there at all', async () => {
    const down = { kind: 'unavailable', code: 'storage.unavailable' };
    s3.faults.failBuckets = { files: 'down' };
    const dead = storeOn(client('http://127.0.0.1:1'));
    for (const store of [onS3, dead]) {
      await expect(store.put('shares/9/a', Readable.from([Buffer.from('x')]), 1)).rejects.toMatchObject(down);
      await expect(store.open('shares/9/a')).rejects.toMatchObject(down);
      await expect(store.has('shares/9/a')).rejects.toMatchObject(down);
      await expect(store.list('shares/9/')).rejects.toMatchObject(down);
      await expect(store.deleteAll('shares/9/')).rejects.toMatchObject(down);
    }
    s3.faults.failBuckets = {};
    expect((await onS3.list('shares/9/')).objects).toEqual([]);
  });

  test('says unavailable, and not that an object is gone, where the bucket is not there', async () => {
    const down = { kind: 'unavailable', code: 'storage.unavailable' };
    s3.faults.failBuckets = { files: 'not-found' };
    await expect(onS3.put('shares/9/b', Readable.from([Buffer.from('x')]), 1)).rejects.toMatchObject(down);
    await expect(onS3.open('shares/9/b')).rejects.toMatchObject(down);
    await expect(onS3.list('shares/9/')).rejects.toMatchObject(down);
    await expect(onS3.deleteAll('shares/9/')).rejects.toMatchObject(down);
    await expect(marksOn(client()).markShare('9')).rejects.toMatchObject(down);
    s3.faults.failBuckets = {};
  });

  test.each([
    ['and its checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }],
    ['alone', {}],
  ])('says unavailable where the line breaks while an object, its length %s, is read', async (_, headers) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { ...headers, 'content-length': 1_000_000 });
      response.write(randomBytes(100_000), () => setTimeout(() => response.destroy(), 50));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { bytes: body } = await storeOn(client(`http://127.0.0.1:${port}`)).open('shares/11/a');
    const reason = { kind: 'unavailable', code: 'storage.unavailable', cause: expect.any(Error) as Error };
    await expect(buffer(body)).rejects.toMatchObject(reason);
    server.close();
  });

  test('lets go of the line where its reader stops', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100_000_000 });
      response.write(randomBytes(100_000));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const { port } = server.address() as AddressInfo;
    const { bytes: body } = await storeOn(client(`http://127.0.0.1:${port}`)).open('shares/12/a');
    const [line] = await connected;
    expect(line.destroyed).toBe(false);
    const closed = new Promise((resolve) => line.once('close', resolve));
    body.destroy();
    await closed;
    server.close();
  });

  test('tries a request again that failed once', async () => {
    await onS3.put('shares/10/a', Readable.from([Buffer.from('x')]), 1);
    s3.faults.failRequests = { status: 503, count: 1 };
    expect((await buffer((await onS3.open('shares/10/a')).bytes)).toString()).toBe('x');
  });
});

describe('a ready mark', () => {
  test('is an empty object where the Lambda looks for it, as often as it is written', async () => {
    const marks = marksOn(client());
    await marks.markShare('s-1');
    await marks.markShare('s-1');
    await marks.markMail('d-1');
    expect((await buffer((await onS3.open('shares/s-1/ready')).bytes)).length).toBe(0);
    expect((await buffer((await onS3.open('mails/d-1/ready')).bytes)).length).toBe(0);
    const dead = marksOn(client('http://127.0.0.1:1'));
    await expect(dead.markMail('d')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
