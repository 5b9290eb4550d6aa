import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { unzipSync } from 'fflate';

/**
 * Unpacks a function's zip into `<parent>/<hash of the zip>` and returns that folder. A zip that is already there is
 * left alone, and the folders of other versions are removed. A half-unpacked folder is never used.
 * @throws Error for an entry that would leave the folder.
 */
export async function unpackZip(zipPath: string, parent: string): Promise<string> {
  const zip = await readFile(zipPath);
  const version = createHash('sha256').update(zip).digest('hex').slice(0, 16);
  const directory = join(parent, version);
  await mkdir(parent, { recursive: true });
  for (const other of await readdir(parent)) {
    if (other !== version) await rm(join(parent, other), { recursive: true });
  }
  if (existsSync(directory)) return directory;

  const unfinished = `${directory}.new`;
  await mkdir(unfinished);
  for (const [name, content] of Object.entries(unzipSync(zip))) {
    const path = join(unfinished, name);
    if (!path.startsWith(unfinished + sep))
      throw new Error(`${zipPath} has an entry outside its folder: ${name}`);
    if (name.endsWith('/')) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await rename(unfinished, directory);
  return directory;
}
