import type { StoredObject } from './bucket.js';
import { S3Error } from './s3-error.js';
import { headerOf } from './s3-request.js';
import type { S3Request } from './s3-request.js';

/**
 * Checks `If-Match` and `If-None-Match` of a write against what the key holds now.
 * @throws S3Error PreconditionFailed, or NoSuchKey where If-Match meets no object
 */
export function checkWriteConditions(request: S3Request, current: StoredObject | undefined): void {
  const ifNoneMatch = headerOf(request, 'if-none-match');
  const ifMatch = headerOf(request, 'if-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match of a write can be * only.');
  }
  if (ifNoneMatch !== undefined && current !== undefined) throw new S3Error('PreconditionFailed');
  if (ifMatch === undefined) return;
  if (current === undefined) throw new S3Error('NoSuchKey');
  if (!matches(ifMatch, current)) throw new S3Error('PreconditionFailed');
}

/**
 * Whether a read needs no body because the client has it already (304).
 * @throws S3Error PreconditionFailed when If-Match or If-Unmodified-Since does not hold
 */
export function isNotModified(request: S3Request, object: StoredObject): boolean {
  const ifMatch = headerOf(request, 'if-match');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (ifMatch !== undefined && !matches(ifMatch, object)) throw new S3Error('PreconditionFailed');
  const modifiedAtMs = wholeSeconds(object.modifiedAtMs);
  if (ifMatch === undefined && modifiedAtMs > dateOf(request, 'if-unmodified-since')) {
    throw new S3Error('PreconditionFailed');
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object);
  return modifiedAtMs <= dateOf(request, 'if-modified-since');
}

/**
 * The bytes that a read asks for, both ends inclusive, or undefined for all: also when If-Range names an older
 * object, and when the Range is of a kind that S3 ignores.
 * @throws S3Error InvalidRange when the range is outside the object
 */
export function readRange(
  request: S3Request,
  object: StoredObject,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headerOf(request, 'range') ?? '');
  const [first = '', last = ''] = match?.slice(1) ?? [];
  if (first === '' && last === '') return undefined;
  const ifRange = headerOf(request, 'if-range');
  const isSame = ifRange === undefined || matches(ifRange, object) || isSameDate(ifRange, object);
  if (!isSame) return undefined;

  const { sizeBytes } = object;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start > end) throw new S3Error('InvalidRange');
  return { start, end };
}

function matches(header: string, object: StoredObject): boolean {
  return header.split(',').some((tag) => ['*', object.etag].includes(tag.trim().replace(/^"|"$/g, '')));
}

function isSameDate(header: string, object: StoredObject): boolean {
  return Date.parse(header) === wholeSeconds(object.modifiedAtMs);
}

function dateOf(request: S3Request, name: string): number {
  return Date.parse(headerOf(request, name) ?? '');
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}
