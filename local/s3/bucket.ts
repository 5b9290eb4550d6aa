import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile, syncFolder } from './durable-files.js';
import type { KeyedLock } from './keyed-lock.js';

const readBytes = 256 * 1024;

/** One stored object, as its record on disk says. Its bytes are `files` in sequence. */
export interface StoredObject {
  key: string;
  /** Names the file under `data/`, or the folder when the object was uploaded in parts. */
  id: string;
  sizeBytes: number;
  /** Without quotes. */
  etag: string;
  modifiedAtMs: number;
  /** Content-Type, Cache-Control and the like, and `x-amz-meta-*`; returned as they came. */
  headers: Record<string, string>;
  checksums: Record<string, string>;
  files: { name: string; sizeBytes: number }[];
}

export interface Part {
  number: number;
  fileName: string;
  etag: string;
  sizeBytes: number;
  modifiedAtMs: number;
}

export interface Upload {
  id: string;
  key: string;
  startedAtMs: number;
  headers: Record<string, string>;
  parts: Map<number, Part>;
}

/**
 * One bucket: the folders `objects/` (a record per key, named by the key's hash) and `data/` (bytes, and uploads
 * under way), with an index of both in memory. The disk is the truth; `openBucket` builds the index from it.
 */
export interface Bucket {
  name: string;
  folder: string;
  objects: Map<string, StoredObject>;
  uploads: Map<string, Upload>;
  lock: KeyedLock;
  /** Keys in UTF-8 order, rebuilt when a key came or went. */
  sortedKeys?: string[] | undefined;
  readersById: Map<string, number>;
  /** Ids that were replaced or deleted while somebody was reading them. */
  doomedIds: Set<string>;
}

/** Where the bytes of an object or an upload live, or one file of them. */
export function dataPath(bucket: Bucket, id: string, fileName = ''): string {
  return join(bucket.folder, 'data', id, fileName);
}

/**
 * Makes an object visible in one step, replacing what the key held before. Publications of one key are serial:
 * `prepare` sees the current object, may throw to refuse, and what it returns runs after the new one is on disk.
 */
export async function publishObject(
  bucket: Bucket,
  object: StoredObject,
  prepare: (current: StoredObject | undefined) => Promise<() => void>,
): Promise<void> {
  await bucket.lock(`key ${object.key}`, async () => {
    const current = bucket.objects.get(object.key);
    const afterwards = await prepare(current);
    await syncFolder(join(bucket.folder, 'data'));
    await replaceFile(recordPath(bucket, object.key), JSON.stringify(object));
    bucket.objects.set(object.key, object);
    if (current === undefined) bucket.sortedKeys = undefined;
    afterwards();
    if (current !== undefined) await discardData(bucket, current.id);
  });
}

/** Deletes an object if there is one. Safe to run again. */
export async function deleteObject(bucket: Bucket, key: string): Promise<void> {
  await bucket.lock(`key ${key}`, async () => {
    const current = bucket.objects.get(key);
    if (current === undefined) return;
    await rm(recordPath(bucket, key));
    await syncFolder(join(bucket.folder, 'objects'));
    bucket.objects.delete(key);
    bucket.sortedKeys = undefined;
    await discardData(bucket, current.id);
  });
}

/** Keeps an object's bytes on disk while `task` reads them, even when the object is replaced or deleted meanwhile. */
export async function withObjectData(
  bucket: Bucket,
  { id }: StoredObject,
  task: () => Promise<void>,
): Promise<void> {
  bucket.readersById.set(id, (bucket.readersById.get(id) ?? 0) + 1);
  try {
    await task();
  } finally {
    const readers = (bucket.readersById.get(id) ?? 1) - 1;
    if (readers > 0) bucket.readersById.set(id, readers);
    else bucket.readersById.delete(id);
    if (readers === 0 && bucket.doomedIds.delete(id)) await discardData(bucket, id);
  }
}

/** Streams the bytes `start` to `end`, both inclusive, over the files of an object. */
export async function* readObject(
  bucket: Bucket,
  { id, files }: StoredObject,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  let offset = 0;
  for (const { name, sizeBytes } of files) {
    const range = { start: Math.max(start - offset, 0), end: Math.min(end - offset, sizeBytes - 1) };
    offset += sizeBytes;
    if (range.start > range.end) continue;
    const file = createReadStream(dataPath(bucket, id, name), { ...range, highWaterMark: readBytes });
    yield* file as AsyncIterable<Buffer>;
  }
}

/** The record of a key: named by its hash, so that no key can name a path. */
function recordPath(bucket: Bucket, key: string): string {
  return join(bucket.folder, 'objects', `${createHash('sha256').update(key).digest('hex')}.json`);
}

async function discardData(bucket: Bucket, id: string): Promise<void> {
  if (bucket.readersById.has(id)) bucket.doomedIds.add(id);
  else await rm(dataPath(bucket, id), { recursive: true, force: true, maxRetries: 3 });
}
