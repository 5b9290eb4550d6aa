import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** Where tests keep what databases write. Benchmarks, which have no such setup, keep it on the disk. */
export function testDataFolder(): string {
  return process.env['TEST_DATA_FOLDER'] ?? tmpdir();
}

/**
 * Memory, where Linux has it as a folder, and more of it than the 64 MB of most containers: a new cluster is a
 * thousand files, a database in it 300.
 */
export async function findQuickestFolder(): Promise<string> {
  const space = await statfs('/dev/shm').catch(() => undefined);
  return space && space.bavail * space.bsize > 2 ** 31 ? '/dev/shm' : tmpdir();
}
