import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bucket, Part, StoredObject, Upload } from './bucket.js';
import { dataPath } from './bucket.js';
import { temporaryPrefix } from './durable-files.js';
import { createKeyedLock } from './keyed-lock.js';

/** Describes an upload inside its own folder; an object's folder has none. */
export const uploadFileName = 'upload.json';

/** Opens a bucket's folder, making it when needed, and removes what a killed process left unfinished. */
export function openBucket(folder: string, name: string): Bucket {
  const bucket: Bucket = {
    name,
    folder,
    objects: new Map(),
    uploads: new Map(),
    lock: createKeyedLock(),
    readersById: new Map(),
    doomedIds: new Set(),
  };
  for (const child of ['objects', 'data']) mkdirSync(join(folder, child), { recursive: true });

  const objectsById = new Map<string, StoredObject>();
  for (const file of removeTemporaries(join(folder, 'objects'))) {
    const object = JSON.parse(readFileSync(join(folder, 'objects', file), 'utf8')) as StoredObject;
    bucket.objects.set(object.key, object);
    objectsById.set(object.id, object);
  }
  for (const id of readdirSync(join(folder, 'data'))) {
    const isUpload = existsSync(dataPath(bucket, id, uploadFileName));
    const object = objectsById.get(id);
    if (object === undefined && isUpload) bucket.uploads.set(id, loadUpload(bucket, id));
    else if (object === undefined) rmSync(dataPath(bucket, id), { recursive: true });
    else if (isUpload) keepOnly(bucket, object);
  }
  return bucket;
}

/** The name under which a part is stored: its number, when it came (later wins), and its MD5. */
export function partFileName(number: number, sequence: string, etag: string): string {
  return `part-${String(number)}-${sequence}-${etag}`;
}

function loadUpload(bucket: Bucket, id: string): Upload {
  const text = readFileSync(dataPath(bucket, id, uploadFileName), 'utf8');
  const upload = { ...(JSON.parse(text) as Omit<Upload, 'parts'>), parts: new Map<number, Part>() };
  for (const fileName of removeTemporaries(dataPath(bucket, id)).sort()) {
    const match = /^part-(\d+)-[0-9a-f]+-([0-9a-f]{32})$/.exec(fileName);
    if (match === null) continue;
    const [number, etag] = [Number(match[1]), match[2] ?? ''];
    const older = upload.parts.get(number);
    if (older !== undefined) rmSync(dataPath(bucket, id, older.fileName));
    const { size, mtimeMs } = statSync(dataPath(bucket, id, fileName));
    upload.parts.set(number, { number, fileName, etag, sizeBytes: size, modifiedAtMs: mtimeMs });
  }
  return upload;
}

/** Finishes a completion that was killed after the object was published. */
function keepOnly(bucket: Bucket, object: StoredObject): void {
  const kept = new Set(object.files.map((file) => file.name));
  for (const fileName of readdirSync(dataPath(bucket, object.id))) {
    if (!kept.has(fileName)) rmSync(dataPath(bucket, object.id, fileName));
  }
}

function removeTemporaries(folder: string): string[] {
  return readdirSync(folder).filter((name) => {
    if (!name.startsWith(temporaryPrefix)) return true;
    rmSync(join(folder, name));
    return false;
  });
}
