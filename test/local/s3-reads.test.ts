import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rawRequest, signRaw, startTestS3 } from './s3-support.js';
import type { TestS3 } from './s3-support.js';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3.remove());

const put = (Key: string, Body: string, more: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: 'files', Key, Body, ...more }));
const get = async (Key: string, more: object = {}) => {
  const answer = await s3.client.send(new GetObjectCommand({ Bucket: 'files', Key, ...more }));
  return { ...answer, text: await answer.Body?.transformToString() };
};

describe('ranges and conditions', () => {
  const Key = 'ten.txt';
  let etag = '';
  beforeAll(async () => {
    etag = (await put(Key, '0123456789')).ETag ?? '';
  });

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('answers %s with 206', async (Range, text, ContentRange) => {
    const read = await get(Key, { Range });
    expect(read).toMatchObject({ text, ContentRange, $metadata: { httpStatusCode: 206 } });
  });

  test.each(['bytes=10-', 'bytes=-0', 'bytes=50-60'])('answers %s with 416', async (Range) => {
    await expect(get(Key, { Range })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    });
  });

  test.each(['bytes=4-2', 'items=1-2', 'bytes=0-1,3-4'])('ignores %s and sends all', async (Range) => {
    expect(await get(Key, { Range })).toMatchObject({
      text: '0123456789',
      $metadata: { httpStatusCode: 200 },
    });
  });

  test('honours If-Range only while the object is the same', async () => {
    const ask = async (tag: string) => {
      const { headers } = signRaw(s3.url, 'GET', `/files/${Key}`, 'UNSIGNED-PAYLOAD');
      return rawRequest(s3.url, 'GET', `/files/${Key}`, { ...headers, range: 'bytes=0-1', 'if-range': tag });
    };
    expect(await ask(etag)).toMatchObject({ status: 206, body: '01' });
    expect(await ask('"other"')).toMatchObject({ status: 200, body: '0123456789' });
  });

  test('answers 304 and 412 as the conditions say', async () => {
    await expect(get(Key, { IfNoneMatch: etag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get(Key, { IfMatch: '"other"' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 412 },
    });
    const tomorrow = new Date(Date.now() + 86_400_000);
    await expect(get(Key, { IfModifiedSince: tomorrow })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    const longAgo = new Date(0);
    await expect(get(Key, { IfUnmodifiedSince: longAgo })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect(await get(Key, { IfMatch: etag, IfNoneMatch: '"other"' })).toMatchObject({ text: '0123456789' });
  });

  test('lets exactly one of many simultaneous If-None-Match writers win', async () => {
    const writers = Array.from({ length: 10 }, (_, index) =>
      put('first', String(index), { IfNoneMatch: '*' }),
    );
    const results = await Promise.allSettled(writers);
    const winner = results.findIndex((result) => result.status === 'fulfilled');
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await get('first')).text).toBe(String(winner));
    await expect(put('first', 'late', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
  });

  test('overwrites under If-Match only what the writer has seen', async () => {
    const { ETag } = await put('seen', '1');
    await put('seen', '2', { IfMatch: ETag });
    await expect(put('seen', '3', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect((await get('seen')).text).toBe('2');
  });
});

describe('listing', () => {
  beforeAll(async () => {
    for (const key of ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/\u{1F600}', 'l/\uFFFD']) await put(key, 'x');
  });
  const list = (more: object) =>
    s3.client.send(new ListObjectsV2Command({ Bucket: 'files', Prefix: 'l/', ...more }));

  test('pages through keys in UTF-8 order', async () => {
    const keys: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ MaxKeys: 2, ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      keys.push(...(page.Contents ?? []).map((entry) => entry.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(keys).toEqual(['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/\uFFFD', 'l/\u{1F600}']);
  });

  test('groups by delimiter, once over all pages', async () => {
    const first = await list({ Delimiter: '/', MaxKeys: 2 });
    expect(first.CommonPrefixes).toEqual([{ Prefix: 'l/b/' }]);
    expect(first).toMatchObject({ KeyCount: 2, IsTruncated: true });
    const second = await list({ Delimiter: '/', ContinuationToken: first.NextContinuationToken });
    expect(second.CommonPrefixes).toBeUndefined();
    expect(second.Contents?.[0]).toMatchObject({ Key: 'l/c', Size: 1 });
    expect((await list({ StartAfter: 'l/b/2', MaxKeys: 1 })).Contents?.[0]?.Key).toBe('l/c');
  });
});
