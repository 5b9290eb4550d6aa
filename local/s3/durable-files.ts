import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const batchBytes = 256 * 1024;

/** Starts the names of files that are not finished; whatever is found under it at start is litter. */
export const temporaryPrefix = 'tmp-';

/**
 * Writes a stream to a new file and fsyncs it. One batch is being written while the next is received and hashed.
 * The file is gone again when the stream or the disk fails.
 */
export async function writeStream(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'wx');
  let writing: Promise<void> = Promise.resolve();
  const write = async (batch: Buffer[], sizeBytes: number): Promise<void> => {
    const { bytesWritten } = await file.writev(batch);
    if (bytesWritten !== sizeBytes)
      throw new Error(`${path}: the disk took ${String(bytesWritten)} bytes of a batch`);
  };
  try {
    let batch: Buffer[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      batch.push(chunk);
      size += chunk.length;
      if (size < batchBytes) continue;
      await writing;
      writing = write(batch, size);
      // The failure is seen by the next await; without this it would count as unhandled until then.
      writing.catch(() => undefined);
      [batch, size] = [[], 0];
    }
    await writing;
    if (size > 0) await write(batch, size);
    await file.sync();
  } catch (error) {
    await writing.catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Writes or replaces a small file atomically: readers and a restart see the old text or the new. Fsyncs. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${dirname(path)}/${temporaryPrefix}${randomUUID()}`;
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable, after a file was created, renamed or removed in it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
