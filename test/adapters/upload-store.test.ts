import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPresigningClient, createS3Client } from '../../adapters/s3.js';
import { createS3Member } from '../../adapters/s3-member.js';
import { createS3UploadStore } from '../../adapters/s3-upload-store.js';
import type { DownloadSigner, StorageMember, UploadStore } from '../../core/ports.js';
import { credentials, startTestS3, type TestS3 } from '../local/s3-support.js';
import { signerFor } from '../support/signer-for.js';

process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;

const unset = { name: 'files', publicEndpoint: undefined, credentials: undefined };
const PART_BYTES = 5 * 1024 * 1024;

let s3: TestS3;
let uploads: UploadStore;
let signer: DownloadSigner;
let files: StorageMember;

beforeAll(async () => {
  s3 = await startTestS3();
  const storage = { region: 'us-east-1', bucket: 'files', endpoint: s3.url, ...unset };
  const client = createS3Client(storage);
  uploads = createS3UploadStore(client, createPresigningClient(storage), 'files');
  signer = signerFor(createPresigningClient(storage), 'files');
  files = createS3Member(client, 'files');
});

afterAll(() => s3.remove());

async function put(url: string, body: Buffer): Promise<Response> {
  return fetch(url, { method: 'PUT', body: new Uint8Array(body) });
}

/** Uploads one part as a browser does. @returns its ETag */
async function putPart(key: string, uploadId: string, partNumber: number, body: Buffer): Promise<string> {
  const response = await put(await uploads.signPart(key, uploadId, partNumber, body.length), body);
  expect(response.status).toBe(200);
  return response.headers.get('etag') ?? '';
}

describe('an upload from a browser', () => {
  test('is joined from its parts, byte by byte, as often as asked', async () => {
    const key = 'shares/1/a';
    const chunks = [randomBytes(PART_BYTES), randomBytes(1_000)];
    const { uploadId } = await uploads.begin(key);
    const etags: string[] = [];
    for (const [index, chunk] of chunks.entries()) etags.push(await putPart(key, uploadId, index + 1, chunk));
    expect(await uploads.listParts(key, uploadId)).toEqual([
      { partNumber: 1, sizeBytes: PART_BYTES, etag: etags[0] },
      { partNumber: 2, sizeBytes: 1_000, etag: etags[1] },
    ]);
    const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    expect(await uploads.complete(key, uploadId, parts)).toBe(PART_BYTES + 1_000);
    expect(await uploads.complete(key, uploadId, parts)).toBe(PART_BYTES + 1_000);
    expect(await uploads.complete(key, 'forgotten-by-storage', parts)).toBe(PART_BYTES + 1_000);
    expect((await buffer((await files.open(key)).bytes)).equals(Buffer.concat(chunks))).toBe(true);
  });

  test('can send no other number of bytes than was signed, and nothing under another key or part', async () => {
    const key = 'shares/2/a';
    const { uploadId } = await uploads.begin(key);
    const url = await uploads.signPart(key, uploadId, 1, 10);
    expect((await put(url, randomBytes(11))).status).toBe(403);
    expect((await put(url, randomBytes(9))).status).toBe(403);
    expect((await put(url.replace('shares/2/a', 'shares/2/b'), randomBytes(10))).status).toBe(403);
    expect((await put(url.replace('partNumber=1', 'partNumber=2'), randomBytes(10))).status).toBe(403);
    expect((await put(url, randomBytes(10))).status).toBe(200);
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('900');
  });

  test('begun without a checksum to keep to, since a browser sends none', async () => {
    const key = 'shares/3/a';
    const { uploadId } = await uploads.begin(key);
    const etag = await putPart(key, uploadId, 1, randomBytes(10));
    expect(await uploads.complete(key, uploadId, [{ partNumber: 1, etag }])).toBe(10);
  });

  test('that is aborted is gone, as often as asked', async () => {
    const key = 'shares/4/a';
    const { uploadId } = await uploads.begin(key);
    await putPart(key, uploadId, 1, randomBytes(10));
    await uploads.abort(key, uploadId);
    await uploads.abort(key, uploadId);
    await expect(uploads.listParts(key, uploadId)).rejects.toMatchObject({ kind: 'not_found' });
    const parts = [{ partNumber: 1, etag: '"x"' }];
    await expect(uploads.complete(key, uploadId, parts)).rejects.toMatchObject({ kind: 'not_found' });
  });

  test.each([
    ['no part', () => []],
    ['a part that never came', () => [{ partNumber: 7, etag: '"0123456789abcdef0123456789abcdef"' }]],
    ['a part of other content', () => [{ partNumber: 1, etag: '"0123456789abcdef0123456789abcdef"' }]],
  ])('completed with %s is the browser’s mistake, and not storage’s', async (_, parts) => {
    const key = 'shares/5/a';
    const { uploadId } = await uploads.begin(key);
    await putPart(key, uploadId, 1, randomBytes(10));
    await expect(uploads.complete(key, uploadId, parts())).rejects.toMatchObject({ kind: 'invalid' });
  });

  test.each(['down', 'not-found'] as const)('says unavailable while its bucket is %s', async (fault) => {
    s3.faults.failBuckets = { files: fault };
    const down = { kind: 'unavailable', code: 'storage.unavailable' };
    await expect(uploads.begin('shares/6/a')).rejects.toMatchObject(down);
    await expect(uploads.listParts('shares/6/a', 'x')).rejects.toMatchObject(down);
    await expect(uploads.complete('shares/6/a', 'x', [{ partNumber: 1, etag: '"x"' }])).rejects.toMatchObject(
      down,
    );
    s3.faults.failBuckets = {};
  });
});

describe('a download', () => {
  test.each(['plan.pdf', 'Übersicht 計画 👩.pdf', 'a";b=\'c.html', '100%.txt', "it's.svg"])(
    'of %s is an attachment under its name, and never shown in place',
    async (name) => {
      const { uploadId } = await uploads.begin('shares/7/a').catch(() => ({ uploadId: '' }));
      const etag = await putPart('shares/7/a', uploadId, 1, Buffer.from('<script>'));
      await uploads.complete('shares/7/a', uploadId, [{ partNumber: 1, etag }]);
      const response = await fetch(await signer.signDownload('shares/7/a', { name, sizeBytes: 8 }, []));
      expect(await response.text()).toBe('<script>');
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      const disposition = response.headers.get('content-disposition') ?? '';
      expect(disposition).toMatch(/^attachment; filename/);
      expect(readName(disposition)).toBe(name);
    },
  );

  test('URL lives for a minute, or a quarter of an hour for a large file', async () => {
    const lifetime = async (sizeBytes: number): Promise<string | null> => {
      const url = await signer.signDownload('shares/8/a', { name: 'a', sizeBytes }, []);
      return new URL(url).searchParams.get('X-Amz-Expires');
    };
    expect(await lifetime(100_000_000)).toBe('60');
    expect(await lifetime(100_000_001)).toBe('900');
  });

  test('URL cannot be turned into another: its key, name and type are signed', async () => {
    const url = await signer.signDownload('shares/7/a', { name: 'a.pdf', sizeBytes: 1 }, []);
    for (const changed of [
      url.replace('shares/7/a', 'shares/1/a'),
      url.replace('octet-stream', 'html'),
      url.replace('attachment', 'inline'),
    ]) {
      expect(changed).not.toBe(url);
      expect((await fetch(changed)).status).toBe(403);
    }
  });

  test('URL is made for the address that browsers reach', async () => {
    const storage = {
      ...unset,
      region: 'us-east-1',
      bucket: 'files',
      endpoint: s3.url,
      publicEndpoint: 'https://files.example',
    };
    const outside = signerFor(createPresigningClient(storage), 'files');
    expect(await outside.signDownload('k', { name: 'a', sizeBytes: 1 }, [])).toMatch(
      /^https:\/\/files\.example\/files\/k\?/,
    );
  });
});

/** The name that a browser saves under (RFC 6266). */
function readName(disposition: string): string {
  const extended = /filename\*=UTF-8''([^;]*)/.exec(disposition)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  const [, quoted, plain = ''] = /filename=(?:"((?:[^"\\]|\\.)*)"|([^;]*))/.exec(disposition) ?? [];
  return quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
}
