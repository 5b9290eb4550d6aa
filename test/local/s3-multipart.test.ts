import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPresigningClient, errorCode, rawRequest, signRaw, startTestS3 } from './s3-support.js';
import type { TestS3 } from './s3-support.js';

const mib = 1024 ** 2;
const Bucket = 'files';
const partA = Buffer.alloc(5 * mib, 'a');
const partB = Buffer.alloc(5 * mib + 3, 'b');
const tail = Buffer.from('the end');
const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
const multipartEtag = (...parts: Buffer[]): string =>
  `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${String(parts.length)}"`;

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3.remove());

const begin = async (Key: string, more: object = {}): Promise<string> => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId ?? '';
};
const send = async (
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
): Promise<CompletedPart> => {
  const { ETag } = await s3.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
};
const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) =>
  s3.client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  );
const read = async (Key: string, Range?: string): Promise<Buffer> => {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

test('joins the parts, also across their borders, with type, metadata and the md5-N ETag', async () => {
  const id = await begin('joined', { ContentType: 'video/mp4', Metadata: { a: 'b' } });
  const parts = [
    await send('joined', id, 1, partA),
    await send('joined', id, 3, partB),
    await send('joined', id, 7, tail),
  ];
  const done = await complete('joined', id, parts);
  expect(done.ETag).toBe(multipartEtag(partA, partB, tail));
  const all = Buffer.concat([partA, partB, tail]);
  expect((await read('joined')).equals(all)).toBe(true);
  const middle = await read('joined', `bytes=${String(partA.length - 2)}-${String(partA.length + 1)}`);
  expect(middle.toString()).toBe('aabb');
  expect((await read('joined', 'bytes=-9')).toString()).toBe('bbthe end');
  const head = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'joined', Range: 'bytes=0-0' }));
  expect(head).toMatchObject({ ContentType: 'video/mp4', Metadata: { a: 'b' } });
  await expect(complete('joined', id, parts)).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

test('keeps the parts where they are when it completes, and drops those not named', async () => {
  const id = await begin('kept');
  await send('kept', id, 1, Buffer.from('first try'));
  const first = await send('kept', id, 1, partA);
  await send('kept', id, 2, partB);
  const folder = join(s3.dataDir, 'buckets/files/data', id);
  expect(await readdir(folder)).toHaveLength(3);
  await complete('kept', id, [first]);
  expect(await readdir(folder)).toEqual([expect.stringMatching(/^part-1-/)]);
  expect((await read('kept')).equals(partA)).toBe(true);
});

test('refuses wrong ETags, missing parts, wrong order, small parts, no parts, and stays open for a right try', async () => {
  const id = await begin('strict');
  const small = await send('strict', id, 1, tail);
  const large = await send('strict', id, 2, partA);
  const attempt = (...parts: CompletedPart[]) => complete('strict', id, parts);
  await expect(attempt({ PartNumber: 1, ETag: large.ETag })).rejects.toMatchObject({ name: 'InvalidPart' });
  await expect(attempt(small, { PartNumber: 9, ETag: small.ETag })).rejects.toMatchObject({
    name: 'InvalidPart',
  });
  await expect(attempt(large, small)).rejects.toMatchObject({ name: 'InvalidPartOrder' });
  await expect(attempt(small, small)).rejects.toMatchObject({ name: 'InvalidPartOrder' });
  await expect(attempt(small, large)).rejects.toMatchObject({ name: 'EntityTooSmall' });
  await expect(attempt()).rejects.toMatchObject({ name: 'MalformedXML' });
  await expect(read('strict')).rejects.toMatchObject({ name: 'NoSuchKey' });
  await attempt(large);
  expect((await read('strict')).equals(partA)).toBe(true);
});

test('refuses part numbers outside 1 to 10000, and uploads of another key', async () => {
  const id = await begin('numbers');
  await expect(send('numbers', id, 0, tail)).rejects.toMatchObject({ name: 'InvalidArgument' });
  await expect(send('numbers', id, 10_001, tail)).rejects.toMatchObject({ name: 'InvalidArgument' });
  await expect(send('other', id, 1, tail)).rejects.toMatchObject({ name: 'NoSuchUpload' });
  await expect(send('numbers', '../../objects', 1, tail)).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

test('lists parts and uploads by pages, and forgets what is aborted', async () => {
  const ids = [await begin('list/a'), await begin('list/b')];
  const [id = ''] = ids;
  for (const number of [2, 1, 3]) await send('list/a', id, number, tail);
  const target = { Bucket, Key: 'list/a', UploadId: id };
  const first = await s3.client.send(new ListPartsCommand({ ...target, MaxParts: 2 }));
  expect(first.Parts?.map((part) => [part.PartNumber, part.Size])).toEqual([
    [1, 7],
    [2, 7],
  ]);
  expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
  const second = await s3.client.send(new ListPartsCommand({ ...target, PartNumberMarker: '2' }));
  expect(second.Parts?.map((part) => part.PartNumber)).toEqual([3]);

  const list = (more: object = {}) =>
    s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }));
  expect((await list()).Uploads?.map((upload) => upload.UploadId)).toEqual(ids);
  const page = await list({ MaxUploads: 1 });
  const next = await list({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
  expect(next.Uploads?.map((upload) => upload.Key)).toEqual(['list/b']);

  await s3.client.send(new AbortMultipartUploadCommand(target));
  await expect(s3.client.send(new AbortMultipartUploadCommand(target))).rejects.toMatchObject({
    name: 'NoSuchUpload',
  });
  expect((await list()).Uploads?.map((upload) => upload.Key)).toEqual(['list/b']);
  expect(await readdir(join(s3.dataDir, 'buckets/files/data'))).not.toContain(id);
});

test('finishes a download whose object is deleted meanwhile, and only then removes the parts', async () => {
  const id = await begin('leased');
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  const parts = await Promise.all(numbers.map((number) => send('leased', id, number, partA)));
  await complete('leased', id, parts);
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'leased' }));
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'leased' }));
  await expect(read('leased')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect((await Body?.transformToByteArray())?.length).toBe(numbers.length * partA.length);
  const data = join(s3.dataDir, 'buckets/files/data');
  await expect.poll(() => readdir(data)).not.toContain(id);
});

test('honours If-None-Match when it completes', async () => {
  const ids = [await begin('once'), await begin('once')];
  const results = await Promise.allSettled(
    ids.map(async (id) => complete('once', id, [await send('once', id, 1, tail)], { IfNoneMatch: '*' })),
  );
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  const refused = results.find((result) => result.status === 'rejected');
  expect(refused?.reason).toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
});

test('takes an Upload of lib-storage with default checksums', async () => {
  const bytes = Buffer.alloc(12 * mib, 'lib');
  const done = await new Upload({ client: s3.client, params: { Bucket, Key: 'lib', Body: bytes } }).done();
  expect(done.ETag).toMatch(/-3"$/);
  expect((await read('lib')).equals(bytes)).toBe(true);
});

test('takes presigned parts, and refuses one of the wrong size', async () => {
  const presigner = createPresigningClient(s3.url);
  const id = await begin('direct');
  const command = new UploadPartCommand({
    Bucket,
    Key: 'direct',
    UploadId: id,
    PartNumber: 1,
    ContentLength: tail.length,
  });
  const url = await getSignedUrl(presigner, command, {
    signableHeaders: new Set(['host', 'content-length']),
  });
  const long = await fetch(url, { method: 'PUT', body: `${tail.toString()}!` });
  expect(long.status).toBe(403);
  await long.text();
  const right = await fetch(url, { method: 'PUT', body: tail });
  await complete('direct', id, [{ PartNumber: 1, ETag: right.headers.get('etag') ?? '' }]);
  expect(await read('direct')).toEqual(tail);
  presigner.destroy();
});

test.each(['<!DOCTYPE a [<!ENTITY b "c">]><CompleteMultipartUpload/>', 'no xml at all', ''])(
  'refuses the part list %j as MalformedXML',
  async (xml) => {
    const path = `/files/xml?uploadId=${await begin('xml')}`;
    const { headers } = signRaw(s3.url, 'POST', path, 'UNSIGNED-PAYLOAD');
    const answer = await rawRequest(
      s3.url,
      'POST',
      path,
      { ...headers, 'content-length': String(xml.length) },
      xml,
    );
    expect([answer.status, errorCode(answer)]).toEqual([400, 'MalformedXML']);
  },
);
