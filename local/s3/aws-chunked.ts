import { createHash } from 'node:crypto';
import { S3Error } from './s3-error.js';
import { isEqual, sha256Hex, sign } from './sigv4.js';
import type { Authorization } from './sigv4.js';

const maxLineBytes = 16 * 1024;
const emptyHash = sha256Hex('');

export interface ChunkedOptions {
  /** Given when each chunk carries a signature that continues the one of the request. */
  signing?: Authorization;
  /** Receives the trailers, names in lower case, once all data has been read. */
  trailers: Map<string, string>;
}

/**
 * Decodes the `aws-chunked` content encoding while it streams, and yields the data within.
 * Data of a chunk is yielded before its signature is known to be right: publish nothing until the end is reached.
 * @throws S3Error SignatureDoesNotMatch, IncompleteBody, InvalidRequest or MalformedTrailerError
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  { signing, trailers }: ChunkedOptions,
): AsyncGenerator<Buffer> {
  const reader = createReader(source);
  let signature = signing?.signature ?? '';
  const checkSignature = (kind: string, hashes: string[], claimed: string): void => {
    if (signing === undefined) return;
    const { signingKey, timestamp, scope } = signing;
    const expected = sign(signingKey, `AWS4-HMAC-SHA256-${kind}`, timestamp, scope, signature, ...hashes);
    if (!isEqual(expected, claimed)) throw new S3Error('SignatureDoesNotMatch');
    signature = expected;
  };

  try {
    for (;;) {
      const { sizeBytes, claimed } = parseChunkHeader(await reader.line());
      const hash = signing === undefined ? undefined : createHash('sha256');
      for (let left = sizeBytes; left > 0;) {
        const piece = await reader.take(left);
        hash?.update(piece);
        left -= piece.length;
        yield piece;
      }
      checkSignature('PAYLOAD', [emptyHash, hash?.digest('hex') ?? ''], claimed);
      if (sizeBytes === 0) break;
      if ((await reader.line()) !== '') throw new S3Error('IncompleteBody');
    }
    const signedText = await readTrailers(reader, trailers);
    if (signedText !== '') {
      checkSignature('TRAILER', [sha256Hex(signedText)], trailers.get('x-amz-trailer-signature') ?? '');
    }
  } finally {
    await reader.close();
  }
}

async function readTrailers(reader: Reader, trailers: Map<string, string>): Promise<string> {
  let signedText = '';
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new S3Error('MalformedTrailerError');
    const [name, value] = [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    trailers.set(name, value);
    if (name !== 'x-amz-trailer-signature') signedText += `${name}:${value}\n`;
  }
  return signedText;
}

function parseChunkHeader(line: string): { sizeBytes: number; claimed: string } {
  if (line === '') throw new S3Error('IncompleteBody');
  const match = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line);
  if (match === null) throw new S3Error('InvalidRequest', 'The aws-chunked body is malformed.');
  return { sizeBytes: parseInt(match[1] ?? '', 16), claimed: match[2] ?? '' };
}

interface Reader {
  /** One line without its CRLF; '' at the end of the stream. */
  line(): Promise<string>;
  /** At least one and at most `limitBytes` bytes. */
  take(limitBytes: number): Promise<Buffer>;
  /** Lets go of the source, so that the rest of it can be drained. */
  close(): Promise<void>;
}

function createReader(source: AsyncIterable<Buffer>): Reader {
  const iterator = source[Symbol.asyncIterator]();
  let buffered: Buffer = Buffer.alloc(0);

  const pull = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    buffered = buffered.length === 0 ? next.value : Buffer.concat([buffered, next.value]);
    return true;
  };

  return {
    async line() {
      for (;;) {
        const end = buffered.indexOf('\r\n');
        if (end >= 0) {
          const line = buffered.toString('latin1', 0, end);
          buffered = buffered.subarray(end + 2);
          return line;
        }
        if (buffered.length > maxLineBytes)
          throw new S3Error('InvalidRequest', 'A chunk header is too long.');
        if (await pull()) continue;
        if (buffered.length > 0) throw new S3Error('IncompleteBody');
        return '';
      }
    },
    async take(limitBytes) {
      while (buffered.length === 0) if (!(await pull())) throw new S3Error('IncompleteBody');
      const piece = buffered.subarray(0, limitBytes);
      buffered = buffered.subarray(piece.length);
      return piece;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
