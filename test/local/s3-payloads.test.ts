import { createHash, createHmac } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeAwsChunked } from '../../local/s3/aws-chunked.js';
import { createClient, errorCode, rawRequest, signRaw, startTestS3 } from './s3-support.js';
import type { TestS3 } from './s3-support.js';

const path = '/files/body.bin';
const body = Buffer.from('The quick brown fox jumps over the lazy dog');
const base64Crc32 = (bytes: Buffer): string => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(bytes));
  return out.toString('base64');
};
const hash = (name: string, encoding: 'base64' | 'hex') => createHash(name).update(body).digest(encoding);

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3.remove());

const put = (headers: Record<string, string>, bytes: Buffer | string, payloadHash = 'UNSIGNED-PAYLOAD') =>
  rawRequest(s3.url, 'PUT', path, signRaw(s3.url, 'PUT', path, payloadHash, headers).headers, bytes);
const storedText = async (): Promise<string | undefined> => {
  const { headers } = signRaw(s3.url, 'GET', path, 'UNSIGNED-PAYLOAD');
  const answer = await rawRequest(s3.url, 'GET', path, headers);
  return answer.status === 200 ? answer.body : undefined;
};
const expectStored = async (answer: Promise<{ status: number; body: string }>): Promise<void> => {
  expect(await answer).toMatchObject({ status: 200, body: '' });
  expect(await storedText()).toBe(body.toString());
};
const expectRefused = async (answer: ReturnType<typeof put>, code: string, status = 400): Promise<void> => {
  const refusal = await answer;
  expect([refusal.status, errorCode(refusal)]).toEqual([status, code]);
  expect(await storedText()).toBeUndefined();
  expect(await readdir(join(s3.dataDir, 'buckets/files/data'))).toEqual([]);
};

afterEach(async () => {
  const { headers } = signRaw(s3.url, 'DELETE', path, 'UNSIGNED-PAYLOAD');
  await rawRequest(s3.url, 'DELETE', path, headers);
});

describe('checksum headers', () => {
  test.each([
    ['x-amz-checksum-crc32', base64Crc32(body)],
    ['x-amz-checksum-sha256', hash('sha256', 'base64')],
    ['x-amz-checksum-sha1', hash('sha1', 'base64')],
    ['content-md5', hash('md5', 'base64')],
  ])('%s is verified: the right value stores, a wrong one leaves nothing', async (name, value) => {
    await expectRefused(put({ [name]: value }, 'other bytes'), 'BadDigest');
    await expectStored(put({ [name]: value }, body));
  });

  test.each(['crc32c', 'crc64nvme'])('%s is refused by name rather than believed', async (algorithm) => {
    await expectRefused(put({ [`x-amz-checksum-${algorithm}`]: 'AAAAAA==' }, body), 'NotImplemented', 501);
  });

  test('a signed payload hash is verified', async () => {
    await expectRefused(put({}, 'other bytes', hash('sha256', 'hex')), 'XAmzContentSHA256Mismatch');
    await expectStored(put({}, body, hash('sha256', 'hex')));
  });

  test.each(['CRC32', 'SHA256', 'SHA1'] as const)(
    'the SDK stores and reads with %s',
    async (ChecksumAlgorithm) => {
      await s3.client.send(
        new PutObjectCommand({ Bucket: 'files', Key: 'body.bin', Body: body, ChecksumAlgorithm }),
      );
      const read = await s3.client.send(
        new GetObjectCommand({ Bucket: 'files', Key: 'body.bin', ChecksumMode: 'ENABLED' }),
      );
      expect(await read.Body?.transformToString()).toBe(body.toString());
    },
  );
});

describe('aws-chunked bodies', () => {
  const pieces = [body.subarray(0, 20), body.subarray(20)];
  const chunk = (data: Buffer, suffix = '') =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}${suffix}\r\n`), data, Buffer.from('\r\n')]);
  const putChunked = (
    mode: string,
    encode: (sign: ReturnType<typeof signRaw>) => Buffer,
    more: object = {},
  ) => {
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(body.length),
      ...(more as Record<string, string>),
    };
    const signed = signRaw(s3.url, 'PUT', path, mode, headers);
    return rawRequest(s3.url, 'PUT', path, signed.headers, encode(signed));
  };
  const unsigned = (trailer: string) => () =>
    Buffer.concat([...pieces.map((piece) => chunk(piece)), Buffer.from(`0\r\n${trailer}\r\n`)]);
  const withTrailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
  const signedBody =
    (trailerLine: string, corrupt = false) =>
    (signed: ReturnType<typeof signRaw>) => {
      const chunks = pieces.map((piece) => {
        const suffix = `;chunk-signature=${signed.signNext('PAYLOAD', piece)}`;
        return chunk(corrupt ? Buffer.alloc(piece.length, 'x') : piece, suffix);
      });
      const last = `0;chunk-signature=${signed.signNext('PAYLOAD', '')}\r\n`;
      const signature = trailerLine === '' ? '' : signed.signNext('TRAILER', `${trailerLine}\n`);
      const trailer = trailerLine === '' ? '' : `${trailerLine}\r\nx-amz-trailer-signature:${signature}\r\n`;
      return Buffer.concat([...chunks, Buffer.from(`${last}${trailer}\r\n`)]);
    };
  const crcLine = `x-amz-checksum-crc32:${base64Crc32(body)}`;

  test('unsigned with a trailer: the checksum is verified', async () => {
    const mode = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    await expectRefused(
      putChunked(mode, unsigned('x-amz-checksum-crc32:AAAAAA==\r\n'), withTrailer),
      'BadDigest',
    );
    await expectRefused(putChunked(mode, unsigned(''), withTrailer), 'MalformedTrailerError');
    await expectStored(putChunked(mode, unsigned(`${crcLine}\r\n`), withTrailer));
  });

  test('signed chunks: a changed byte is refused', async () => {
    const mode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
    await expectRefused(putChunked(mode, signedBody('', true)), 'SignatureDoesNotMatch', 403);
    await expectRefused(putChunked(mode, unsigned('')), 'SignatureDoesNotMatch', 403);
    await expectStored(putChunked(mode, signedBody('')));
  });

  test('signed chunks with a signed trailer: both are verified', async () => {
    const mode = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
    const forged = (signed: ReturnType<typeof signRaw>) =>
      Buffer.from(
        signedBody(crcLine)(signed)
          .toString('latin1')
          .replace(/trailer-signature:./, 'trailer-signature:z'),
      );
    await expectRefused(putChunked(mode, forged, withTrailer), 'SignatureDoesNotMatch', 403);
    await expectRefused(
      putChunked(mode, signedBody('x-amz-checksum-crc32:AAAAAA=='), withTrailer),
      'BadDigest',
    );
    await expectStored(putChunked(mode, signedBody(crcLine), withTrailer));
  });

  test('a body that is shorter or longer than announced is refused', async () => {
    const mode = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    const announced = (bytes: number) => ({ ...withTrailer, 'x-amz-decoded-content-length': String(bytes) });
    for (const bytes of [10, 100]) {
      await expectRefused(putChunked(mode, unsigned(`${crcLine}\r\n`), announced(bytes)), 'IncompleteBody');
    }
    await expectRefused(
      putChunked(mode, () => Buffer.from('zz\r\nnonsense'), withTrailer),
      'InvalidRequest',
    );
    await expectRefused(
      putChunked(mode, () => Buffer.from('2b\r\nThe'), withTrailer),
      'IncompleteBody',
    );
  });

  test("Amazon's documented chunk signatures are accepted, however the bytes arrive", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    const signingKey = ['20130524', 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(
      (key, part) => createHmac('sha256', key).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    );
    const signing = {
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      timestamp: '20130524T000000Z',
      scope: '20130524/us-east-1/s3/aws4_request',
      signingKey,
    };
    const encoded = Buffer.concat([
      chunk(
        Buffer.alloc(65_536, 'a'),
        ';chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      ),
      chunk(
        Buffer.alloc(1_024, 'a'),
        ';chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      ),
      Buffer.from(
        '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
      ),
    ]);
    for (const size of [1, 7, 1_000, encoded.length]) {
      const source = (async function* () {
        for (let at = 0; at < encoded.length; at += size)
          yield await Promise.resolve(encoded.subarray(at, at + size));
      })();
      let total = 0;
      for await (const piece of decodeAwsChunked(source, { signing, trailers: new Map() }))
        total += piece.length;
      expect(total).toBe(66_560);
    }
  });
});

describe('clients that go away', () => {
  test('a client that dies in the middle of a PUT leaves nothing', async () => {
    const { headers } = signRaw(s3.url, 'PUT', path, 'UNSIGNED-PAYLOAD', { 'content-length': '5000000' });
    const { hostname, port } = new URL(s3.url);
    const socket = connect(Number(port), hostname);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write([`PUT ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    socket.write(Buffer.alloc(3_000_000));
    const data = join(s3.dataDir, 'buckets/files/data');
    await expect.poll(async () => (await readdir(data)).length).toBe(1);
    socket.destroy();
    await expect.poll(async () => (await readdir(data)).length).toBe(0);
    expect(await storedText()).toBeUndefined();
  });

  test('a refused client that waits for 100 Continue gets the refusal before it sends the body', async () => {
    const client = createClient(s3.url, {
      credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'wrong' },
    });
    const command = new PutObjectCommand({ Bucket: 'files', Key: 'big', Body: Buffer.alloc(6 * 1024 ** 2) });
    await expect(client.send(command)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    client.destroy();
    const accepted = await s3.client.send(
      new PutObjectCommand({ Bucket: 'mirror', Key: 'big', Body: Buffer.alloc(6 * 1024 ** 2) }),
    );
    expect(accepted.ETag).toBeDefined();
  });
});
