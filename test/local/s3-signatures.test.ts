import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorize } from '../../local/s3/sigv4.js';
import {
  createClient,
  createPresigningClient,
  errorCode,
  rawRequest,
  region,
  signRaw,
  startTestS3,
} from './s3-support.js';
import type { TestS3 } from './s3-support.js';

let s3: TestS3;
let presigner: ReturnType<typeof createPresigningClient>;
beforeAll(async () => {
  s3 = await startTestS3();
  presigner = createPresigningClient(s3.url);
  await s3.client.send(new PutObjectCommand({ Bucket: 'files', Key: 'secret.txt', Body: 'classified' }));
});
afterAll(async () => {
  presigner.destroy();
  await s3.remove();
});

const getUrl = (options: object = {}, more: object = {}) =>
  getSignedUrl(presigner, new GetObjectCommand({ Bucket: 'files', Key: 'secret.txt', ...more }), {
    expiresIn: 60,
    ...options,
  });

async function refused(answer: Promise<Response>, status: number, code: string): Promise<void> {
  const response = await answer;
  expect(await response.text()).toContain(`<Code>${code}</Code>`);
  expect(response.status).toBe(status);
}

describe("the examples of Amazon's documentation", () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and sigv4-query-string-auth.html
  const exampleKeys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const exampleTimeMs = Date.UTC(2013, 4, 24);
  const host = 'examplebucket.s3.amazonaws.com';
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

  test('a GET with a Range signed in the header is accepted', () => {
    const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const headers = {
      host,
      range: 'bytes=0-9',
      'x-amz-content-sha256': emptyHash,
      'x-amz-date': '20130524T000000Z',
      authorization:
        `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,` +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    };
    const request = { method: 'GET', rawPath: '/test.txt', query: new URLSearchParams(), headers };
    expect(authorize(request, exampleKeys, region, exampleTimeMs).payloadHash).toBe(emptyHash);
    expect(() =>
      authorize({ ...request, rawPath: '/test2.txt' }, exampleKeys, region, exampleTimeMs),
    ).toThrow(/signature/);
  });

  test('a presigned GET is accepted until it expires', () => {
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': scope,
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '86400',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    });
    const request = { method: 'GET', rawPath: '/test.txt', query, headers: { host } };
    const check = (nowMs: number) => authorize(request, exampleKeys, region, nowMs);
    expect(check(exampleTimeMs + 86_399_000).payloadHash).toBe('UNSIGNED-PAYLOAD');
    expect(() => check(exampleTimeMs + 86_401_000)).toThrow('Request has expired');
    expect(() => check(exampleTimeMs - 3_600_000)).toThrow('Request is not valid yet');
  });
});

describe('signed headers', () => {
  const ask = (client: ReturnType<typeof createClient>) =>
    client.send(new GetObjectCommand({ Bucket: 'files', Key: 'secret.txt' })).finally(() => {
      client.destroy();
    });

  test('refuses a wrong secret, an unknown key, and another region', async () => {
    const keys = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'wrong' };
    await expect(ask(createClient(s3.url, { credentials: keys }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
    const stranger = { accessKeyId: 'OTHER', secretAccessKey: 'local-secret' };
    await expect(ask(createClient(s3.url, { credentials: stranger }))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
    await expect(ask(createClient(s3.url, { region: 'eu-west-1' }))).rejects.toMatchObject({
      name: 'AuthorizationHeaderMalformed',
    });
  });

  test('refuses an anonymous read, write and list', async () => {
    await refused(fetch(`${s3.url}/files/secret.txt`), 403, 'AccessDenied');
    await refused(fetch(`${s3.url}/files/new.txt`, { method: 'PUT', body: 'x' }), 403, 'AccessDenied');
    await refused(fetch(`${s3.url}/files?list-type=2`), 403, 'AccessDenied');
    await refused(fetch(`${s3.url}/`), 403, 'AccessDenied');
  });

  const path = '/files/secret.txt';
  test('refuses a signature used for another key, method, query or header', async () => {
    const { headers } = signRaw(s3.url, 'GET', path, 'UNSIGNED-PAYLOAD');
    const code = async (...args: [string, string, object?]) =>
      errorCode(await rawRequest(s3.url, args[0], args[1], { ...headers, ...args[2] }));
    expect((await rawRequest(s3.url, 'GET', path, headers)).body).toBe('classified');
    expect(await code('GET', '/files/other.txt')).toBe('SignatureDoesNotMatch');
    expect(await code('DELETE', path)).toBe('SignatureDoesNotMatch');
    expect(await code('GET', `${path}?uploadId=x`)).toBe('SignatureDoesNotMatch');
    expect(await code('GET', path, { host: 'elsewhere' })).toBe('SignatureDoesNotMatch');
    expect(await code('GET', path, { 'x-amz-meta-extra': '1' })).toBe('AccessDenied');
    expect(await code('GET', path, { authorization: 'Basic YTpi' })).toBe('InvalidRequest');
  });

  test('refuses a signature that is an hour old', async () => {
    const { headers } = signRaw(
      s3.url,
      'GET',
      path,
      'UNSIGNED-PAYLOAD',
      {},
      new Date(Date.now() - 3_600_000),
    );
    const answer = await rawRequest(s3.url, 'GET', path, headers);
    expect([answer.status, errorCode(answer)]).toEqual([403, 'RequestTimeTooSkewed']);
  });
});

describe('presigned URLs', () => {
  test('read with GET and HEAD, with the overrides that were signed', async () => {
    const url = await getUrl(
      {},
      {
        ResponseContentDisposition: 'attachment; filename="plan (1).pdf"',
        ResponseContentType: 'application/pdf',
        ResponseCacheControl: 'no-store',
      },
    );
    const response = await fetch(url);
    expect(await response.text()).toBe('classified');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="plan (1).pdf"');
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const head = new HeadObjectCommand({ Bucket: 'files', Key: 'secret.txt' });
    const headed = await fetch(await getSignedUrl(presigner, head), { method: 'HEAD' });
    expect(headed.headers.get('content-length')).toBe('10');
    await refused(fetch(url.replace('no-store', 'public')), 403, 'SignatureDoesNotMatch');
  });

  test('refuse tampering, another key, another method and an unsigned x-amz header', async () => {
    const url = await getUrl();
    const wrong = (from: string | RegExp, to: string) => fetch(url.replace(from, to));
    await refused(wrong('secret.txt', 'other.txt'), 403, 'SignatureDoesNotMatch');
    await refused(wrong('Expires=60', 'Expires=600'), 403, 'SignatureDoesNotMatch');
    await refused(wrong(/Signature=./, 'Signature=z'), 403, 'SignatureDoesNotMatch');
    await refused(wrong('Expires=60', 'Expires=604801'), 400, 'AuthorizationQueryParametersError');
    await refused(fetch(`${url}&response-content-type=text%2Fhtml`), 403, 'SignatureDoesNotMatch');
    await refused(fetch(url, { method: 'DELETE' }), 403, 'SignatureDoesNotMatch');
    await refused(fetch(url, { method: 'PUT', body: 'x' }), 403, 'SignatureDoesNotMatch');
    await refused(fetch(url, { headers: { 'x-amz-meta-a': 'b' } }), 403, 'AccessDenied');
  });

  test('expire', async () => {
    const url = await getUrl({ signingDate: new Date(Date.now() - 120_000) });
    await refused(fetch(url), 403, 'AccessDenied');
  });

  test('write keys of any letters, with the metadata in the query', async () => {
    const Key = 'up/ü (1) + 🙂/../x.bin';
    const command = new PutObjectCommand({ Bucket: 'files', Key, Metadata: { share: 's-9' } });
    const url = await getSignedUrl(presigner, command);
    const { hostname, port } = new URL(url);
    // Sent raw: fetch would resolve the `..`.
    const answer = await rawRequest(
      `http://${hostname}:${port}`,
      'PUT',
      url.slice(url.indexOf('/files')),
      {},
      'bytes',
    );
    expect(answer.status).toBe(200);
    const read = await s3.client.send(new GetObjectCommand({ Bucket: 'files', Key }));
    expect(await read.Body?.transformToString()).toBe('bytes');
    expect(read.Metadata).toEqual({ share: 's-9' });
  });

  test('with a signed length refuse a body of another length', async () => {
    const command = new PutObjectCommand({ Bucket: 'files', Key: 'five', ContentLength: 5 });
    const url = await getSignedUrl(presigner, command, {
      signableHeaders: new Set(['host', 'content-length']),
    });
    await refused(fetch(url, { method: 'PUT', body: 'seven77' }), 403, 'SignatureDoesNotMatch');
    expect((await fetch(url, { method: 'PUT', body: 'five5' })).status).toBe(200);
  });

  test('of a client with default checksums refuse the bytes, as at Amazon: they carry the CRC of an empty body', async () => {
    const url = await getSignedUrl(s3.client, new PutObjectCommand({ Bucket: 'files', Key: 'trap' }));
    await refused(fetch(url, { method: 'PUT', body: 'some bytes' }), 400, 'BadDigest');
  });
});
