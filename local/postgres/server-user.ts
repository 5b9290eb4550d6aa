import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Numeric ids of the system user that the server runs as. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Postgres refuses to run as root. For root this is the system user postgres, which is made when there is none;
 * for anybody else undefined: the server runs as the caller.
 */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await readIds().catch(() => undefined);
  if (existing) return existing;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return await readIds();
  } catch (cause) {
    const advice = 'Run as an ordinary user, or make a system user named postgres.';
    throw new Error(`Postgres does not run as root, and the user postgres could not be made. ${advice}`, {
      cause,
    });
  }
}

/** @throws Error naming the first folder above `folder`, or `folder` itself, that `user` may not enter. */
export async function refuseUnreachable(folder: string, user: ServerUser | undefined): Promise<void> {
  const closed = await findClosedFolder(folder, user);
  if (closed === undefined) return;
  throw new Error(
    `Postgres runs as the system user postgres, which may not enter ${closed}. ` +
      `Set DATA_DIR to a folder that every user can reach, such as /var/tmp/passalong, or run as an ordinary user.`,
  );
}

/** The first folder on the way to `folder` that `user` may not enter; undefined when all are open. */
export async function findClosedFolder(
  folder: string,
  user: ServerUser | undefined,
): Promise<string | undefined> {
  if (!user) return undefined;
  const parent = path.dirname(folder);
  if (parent !== folder) {
    const closedAbove = await findClosedFolder(parent, user);
    if (closedAbove !== undefined) return closedAbove;
  }
  const { mode, uid, gid } = await stat(folder);
  const executeBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & executeBit) === 0 ? folder : undefined;
}

async function readIds(): Promise<ServerUser> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
