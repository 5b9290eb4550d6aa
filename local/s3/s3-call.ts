import { createHash } from 'node:crypto';
import { validateHeaderValue } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Bucket } from './bucket.js';
import type { Outbox } from './outbox.js';
import { S3Error } from './s3-error.js';
import { headerOf } from './s3-request.js';
import type { S3Request } from './s3-request.js';
import type { Authorization } from './sigv4.js';

/** Headers that an upload sets, a read returns, and `response-*` parameters override. */
export const returnedHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** An authorized request on an existing bucket, with what an operation needs to answer it. */
export interface S3Call {
  request: S3Request;
  response: ServerResponse;
  authorization: Authorization;
  bucket: Bucket;
  outbox: Outbox;
}

/** Answers with an XML document. */
export function sendXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) });
  response.end(xml);
}

/** Answers without a body. */
export function sendEmpty(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, headers).end();
}

/** The headers of an upload that its object returns on every read. */
export function storedHeaders(request: S3Request): Record<string, string> {
  const names = [...Object.keys(request.incoming.headers), ...request.query.keys()];
  const kept = names.filter((name) => returnedHeaders.includes(name) || name.startsWith('x-amz-meta-'));
  const headers: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of kept) headers[name] = checkHeader(name, headerOf(request, name) ?? '');
  const encoding = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim());
  const ownEncoding = encoding.filter((coding) => coding !== 'aws-chunked' && coding !== '').join(', ');
  if (ownEncoding === '') delete headers['content-encoding'];
  else headers['content-encoding'] = ownEncoding;
  return headers;
}

/** A value that can stand in a response header. @throws S3Error InvalidArgument for control and wide characters */
export function checkHeader(name: string, value: string): string {
  try {
    validateHeaderValue(name, value);
    return value;
  } catch {
    throw new S3Error('InvalidArgument', `${name} has characters that a header cannot carry.`);
  }
}

/** The ETag of an object that was uploaded in parts: the MD5 of the parts' MD5s, and their count. */
export function multipartEtag(partEtags: string[]): string {
  const digest = createHash('md5')
    .update(Buffer.from(partEtags.join(''), 'hex'))
    .digest('hex');
  return `${digest}-${String(partEtags.length)}`;
}
