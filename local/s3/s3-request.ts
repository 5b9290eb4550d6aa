import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from './s3-error.js';

const maxKeyBytes = 1024;

/** One request, addressed path-style: `/bucket/key`. `bucket` and `key` are decoded and '' when absent. */
export interface S3Request {
  incoming: IncomingMessage;
  method: string;
  /** The path as it was sent, still encoded: WHATWG URL would resolve the `..` of a key. */
  rawPath: string;
  query: URLSearchParams;
  bucket: string;
  key: string;
  /** Sends the `100 Continue` that the client may wait for. Refused requests never send their body. */
  acceptBody(): void;
}

/**
 * Reads the target of a request.
 * @throws S3Error InvalidURI when the path is not percent-encoded UTF-8, KeyTooLongError above 1024 bytes
 */
export function readRequest(incoming: IncomingMessage, response: ServerResponse): S3Request {
  const [rawPath = '/', rawQuery = ''] = splitOnce(incoming.url ?? '/', '?');
  const [rawBucket = '', rawKey = ''] = splitOnce(rawPath.slice(1), '/');
  const key = decode(rawKey);
  if (Buffer.byteLength(key) > maxKeyBytes) throw new S3Error('KeyTooLongError');
  return {
    incoming,
    method: incoming.method ?? 'GET',
    rawPath,
    query: new URLSearchParams(rawQuery),
    bucket: decode(rawBucket),
    key,
    acceptBody() {
      if (incoming.headers.expect !== undefined) response.writeContinue();
    },
  };
}

/** A header's value. Presigned URLs carry `x-amz-*` headers in the query, where they mean the same. */
export function headerOf(request: S3Request, name: string): string | undefined {
  const value = request.incoming.headers[name];
  if (value !== undefined) return Array.isArray(value) ? value.join(',') : value;
  return name.startsWith('x-amz-') ? (request.query.get(name) ?? undefined) : undefined;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}
