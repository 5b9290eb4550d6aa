import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ServerUser } from './server-user.js';

const run = promisify(execFile);
const unfinished = 'unfinished-';

export interface ClusterOptions {
  dataDir: string;
  /** The folder that holds bin/initdb. */
  native: string;
  user: ServerUser | undefined;
  isDurable: boolean;
}

/**
 * Makes `<dataDir>/cluster` with a random password for the superuser postgres, or reads the password of the one that is there.
 * The cluster is made under another name and renamed when whole, so a folder named `cluster` is never half made.
 */
export async function initialiseCluster(
  options: ClusterOptions,
): Promise<{ clusterDir: string; password: string }> {
  const { dataDir } = options;
  const clusterDir = path.join(dataDir, 'cluster');
  const passwordFile = path.join(dataDir, 'password');
  if (!existsSync(clusterDir)) await createCluster(options, clusterDir, passwordFile);
  const password = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw new Error(`${passwordFile} is missing. Remove ${clusterDir}, and the data in it, to start anew.`, {
      cause,
    });
  });
  return { clusterDir, password: password.trim() };
}

async function createCluster(
  options: ClusterOptions,
  clusterDir: string,
  passwordFile: string,
): Promise<void> {
  const { dataDir, native, user, isDurable } = options;
  await removeUnfinished(dataDir);
  const newDir = await mkdtemp(path.join(dataDir, unfinished));
  await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (user) {
    await chown(newDir, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const flags = [
    `--pgdata=${newDir}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider has C.UTF-8 on every operating system, whatever locales that has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(isDurable ? [] : ['--no-sync']),
  ];
  await run(path.join(native, 'bin/initdb'), flags, { ...user, env: {} });
  await rename(newDir, clusterDir);
}

/** Retries: an initdb whose parent was killed may still be writing. */
async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(unfinished))
      await rm(path.join(dataDir, name), { recursive: true, force: true, maxRetries: 10 });
  }
}
