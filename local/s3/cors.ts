import type { IncomingMessage, ServerResponse } from 'node:http';
import { S3Error } from './s3-error.js';

const exposedHeaders = 'ETag, Content-Range, Content-Length, Accept-Ranges, x-amz-request-id';
const allowedMethods = 'GET, HEAD, PUT, POST, DELETE';

/** Lets pages of the allowed origins ('*' for all) read the answer and its ETag. Sets headers only. */
export function setCorsHeaders(request: IncomingMessage, response: ServerResponse, origins: string[]): void {
  if (origins.length > 0) response.setHeader('vary', 'Origin');
  if (!isAllowed(request, origins)) return;
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '');
  response.setHeader('access-control-expose-headers', exposedHeaders);
}

/** Answers a preflight. @throws S3Error AccessForbidden for other origins and methods */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, origins: string[]): void {
  const method = request.headers['access-control-request-method'] ?? '';
  if (!isAllowed(request, origins) || !allowedMethods.split(', ').includes(method)) {
    throw new S3Error('AccessForbidden');
  }
  response.setHeader('access-control-allow-methods', allowedMethods);
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '');
  response.setHeader('access-control-max-age', '3600');
  response.writeHead(200, { 'content-length': '0' }).end();
}

function isAllowed(request: IncomingMessage, origins: string[]): boolean {
  const { origin } = request.headers;
  return origin !== undefined && (origins.includes('*') || origins.includes(origin));
}
