import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { dataPath, deleteObject, publishObject, readObject, withObjectData } from './bucket.js';
import type { StoredObject } from './bucket.js';
import { checkWriteConditions, isNotModified, readRange } from './conditions.js';
import { writeStream } from './durable-files.js';
import { openPayload } from './payload.js';
import { checkHeader, returnedHeaders, sendEmpty, storedHeaders } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { S3Error } from './s3-error.js';
import { headerOf } from './s3-request.js';

/** PutObject. The bytes are on disk under a name nobody knows until all of them have been verified. */
export async function putObject({ request, response, authorization, bucket, outbox }: S3Call): Promise<void> {
  if (headerOf(request, 'x-amz-copy-source') !== undefined) throw new S3Error('NotImplemented');
  checkWriteConditions(request, bucket.objects.get(request.key));
  const payload = openPayload(request, authorization);
  const id = randomUUID();
  const path = dataPath(bucket, id);
  await writeStream(path, payload.chunks);

  const { sizeBytes, checksums } = payload;
  const object: StoredObject = {
    key: request.key,
    id,
    sizeBytes,
    etag: payload.md5(),
    modifiedAtMs: Date.now(),
    headers: storedHeaders(request),
    checksums,
    files: [{ name: '', sizeBytes }],
  };
  try {
    await publishObject(bucket, object, (current) => {
      checkWriteConditions(request, current);
      return outbox.record(bucket.name, object, 'ObjectCreated:Put');
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  sendEmpty(response, 200, { etag: `"${object.etag}"`, ...checksums });
}

/** GetObject and HeadObject, with ranges, conditions and the `response-*` overrides of a signed request. */
export async function getObject({ request, response, bucket }: S3Call): Promise<void> {
  const object = bucket.objects.get(request.key);
  if (object === undefined) throw new S3Error('NoSuchKey');
  const headers: Record<string, string> = {
    ...object.headers,
    ...overriddenHeaders(request.query),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    'accept-ranges': 'bytes',
  };
  if (isNotModified(request, object)) {
    sendEmpty(response, 304, headers);
    return;
  }
  const range = readRange(request, object);
  const { start, end } = range ?? { start: 0, end: object.sizeBytes - 1 };
  headers['content-length'] = String(end - start + 1);
  if (range !== undefined)
    headers['content-range'] = `bytes ${String(start)}-${String(end)}/${String(object.sizeBytes)}`;
  else if (headerOf(request, 'x-amz-checksum-mode') === 'ENABLED') Object.assign(headers, object.checksums);

  response.writeHead(range === undefined ? 200 : 206, headers);
  if (request.method === 'HEAD') response.end();
  else await withObjectData(bucket, object, () => pipeline(readObject(bucket, object, start, end), response));
}

/** DeleteObject: 204 whether the object existed or not. */
export async function removeObject({ request, response, bucket }: S3Call): Promise<void> {
  await deleteObject(bucket, request.key);
  sendEmpty(response, 204);
}

function overriddenHeaders(query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of returnedHeaders) {
    const value = query.get(`response-${name}`);
    if (value !== null) headers[name] = checkHeader(name, value);
  }
  return headers;
}
