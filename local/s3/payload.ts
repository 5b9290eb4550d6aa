import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeAwsChunked } from './aws-chunked.js';
import { S3Error } from './s3-error.js';
import { headerOf } from './s3-request.js';
import type { S3Request } from './s3-request.js';
import type { Authorization } from './sigv4.js';

const maxPayloadBytes = 5 * 1024 ** 3;
const maxXmlBytes = 2 * 1024 ** 2;
const checksumPrefix = 'x-amz-checksum-';
const checksumAlgorithms = ['crc32', 'sha1', 'sha256'];
const streamingModes = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { isSigned: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { isSigned: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { isSigned: true }],
]);

/** The body of an authorized request. `md5` and `checksums` are valid once `chunks` has ended without an error. */
export interface Payload {
  sizeBytes: number;
  chunks: AsyncIterable<Buffer>;
  /** Hexadecimal. */
  md5(): string;
  /** The verified `x-amz-checksum-*` values by header name, base64. */
  checksums: Record<string, string>;
}

interface Digest {
  update(chunk: Buffer): void;
  digest(): Buffer;
}

/**
 * Opens the body for one streaming read. The read ends with an error when the size, the signed hash, Content-MD5,
 * a checksum header or a checksum trailer does not match, so whoever stores it publishes only after the end.
 * @throws S3Error MissingContentLength, EntityTooLarge, NotImplemented for other checksum algorithms
 */
export function openPayload(request: S3Request, authorization: Authorization): Payload {
  const { payloadHash } = authorization;
  const streaming = streamingModes.get(payloadHash);
  const isHash = /^[0-9a-f]{64}$/.test(payloadHash);
  if (streaming === undefined && !isHash && payloadHash !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error('NotImplemented', `x-amz-content-sha256 cannot be ${payloadHash} here.`);
  }
  const sizeBytes = announcedSize(request, streaming !== undefined);
  const trailerName = headerOf(request, 'x-amz-trailer')?.toLowerCase();
  const checksumDigests = createChecksumDigests(request, trailerName);
  const md5 = createHash('md5');
  const sha256 = isHash ? createHash('sha256') : undefined;
  const digests: Digest[] = [md5, ...checksumDigests.values(), ...(sha256 === undefined ? [] : [sha256])];
  const checksums: Record<string, string> = {};
  let md5Hex = '';

  const verify = (trailers: Map<string, string>): void => {
    const md5Digest = md5.digest();
    md5Hex = md5Digest.toString('hex');
    const contentMd5 = request.incoming.headers['content-md5'];
    if (contentMd5 !== undefined && contentMd5 !== md5Digest.toString('base64'))
      throw new S3Error('BadDigest');
    if (sha256 !== undefined && sha256.digest('hex') !== payloadHash)
      throw new S3Error('XAmzContentSHA256Mismatch');
    for (const [name, digest] of checksumDigests) {
      const expected = trailers.get(name) ?? headerOf(request, name);
      const actual = digest.digest().toString('base64');
      if (expected === undefined) throw new S3Error('MalformedTrailerError');
      if (expected !== actual)
        throw new S3Error('BadDigest', `The ${name} that you specified did not match.`);
      checksums[name] = actual;
    }
  };

  async function* readChunks(): AsyncGenerator<Buffer> {
    request.acceptBody();
    const trailers = new Map<string, string>();
    const raw = request.incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    const signing = streaming?.isSigned === true ? { signing: authorization } : {};
    let receivedBytes = 0;
    for await (const chunk of streaming === undefined
      ? raw
      : decodeAwsChunked(raw, { ...signing, trailers })) {
      receivedBytes += chunk.length;
      if (receivedBytes > sizeBytes) break;
      for (const digest of digests) digest.update(chunk);
      yield chunk;
    }
    if (receivedBytes !== sizeBytes) throw new S3Error('IncompleteBody');
    verify(trailers);
  }

  return { sizeBytes, chunks: readChunks(), md5: () => md5Hex, checksums };
}

/** Reads a small XML body whole, verified like any other. @throws S3Error MalformedXML above 2 MiB */
export async function readXmlPayload(request: S3Request, authorization: Authorization): Promise<string> {
  const payload = openPayload(request, authorization);
  if (payload.sizeBytes > maxXmlBytes) throw new S3Error('MalformedXML');
  const chunks: Buffer[] = [];
  for await (const chunk of payload.chunks) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function announcedSize(request: S3Request, isStreaming: boolean): number {
  const header = isStreaming
    ? headerOf(request, 'x-amz-decoded-content-length')
    : request.incoming.headers['content-length'];
  if (header === undefined || !/^\d{1,15}$/.test(header)) throw new S3Error('MissingContentLength');
  if (Number(header) > maxPayloadBytes) throw new S3Error('EntityTooLarge');
  return Number(header);
}

function createChecksumDigests(request: S3Request, trailerName: string | undefined): Map<string, Digest> {
  const headerNames = [...Object.keys(request.incoming.headers), ...request.query.keys()];
  const names = new Set(
    [...headerNames, trailerName ?? ''].filter((name) => name.startsWith(checksumPrefix)),
  );
  for (const name of ['mode', 'algorithm', 'type']) names.delete(checksumPrefix + name);
  return new Map([...names].map((name) => [name, createDigest(name.slice(checksumPrefix.length))]));
}

function createDigest(algorithm: string): Digest {
  if (!checksumAlgorithms.includes(algorithm)) {
    throw new S3Error(
      'NotImplemented',
      `Checksum algorithm ${algorithm} is not one of ${checksumAlgorithms.join(', ')}.`,
    );
  }
  if (algorithm !== 'crc32') return createHash(algorithm);
  let value = 0;
  return {
    update(chunk) {
      value = crc32(chunk, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}
