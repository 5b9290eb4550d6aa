import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const fastShutdownMs = 15_000;

/**
 * Stops the server of `clusterDir` that outlived the process which started it, and waits until it is gone.
 * Removes a postmaster.pid whose number belongs to another program by now: Postgres would refuse to start over it.
 * @throws Error when the process named in `ownerFile` still runs the server.
 */
export async function stopOrphan(clusterDir: string, ownerFile: string): Promise<void> {
  const pidFile = path.join(clusterDir, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (Number.isNaN(pid)) return;

  const server = await findServer(pid, clusterDir);
  if (!server) {
    await rm(pidFile, { force: true });
    return;
  }
  const ownerPid = Number.parseInt(await readFile(ownerFile, 'utf8').catch(() => ''), 10);
  if (server.parentPid === ownerPid) {
    throw new Error(`${clusterDir} is in use by process ${ownerPid}. Stop that, or set another DATA_DIR.`);
  }
  signal(pid, 'SIGINT');
  const impatientAt = Date.now() + fastShutdownMs;
  while (await findServer(pid, clusterDir)) {
    if (Date.now() > impatientAt) signal(pid, 'SIGQUIT');
    await sleep(50);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // gone in the meantime
  }
}

/** The process `pid` when it is the Postgres of `clusterDir`; a zombie has no command line and is nobody's. */
async function findServer(pid: number, clusterDir: string): Promise<{ parentPid: number } | undefined> {
  const found = await describeProcess(pid).catch(() => undefined);
  return found?.command.includes(clusterDir) ? found : undefined;
}

/** Slim Linux images have no ps, and other systems no /proc. */
async function describeProcess(pid: number): Promise<{ parentPid: number; command: string }> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-ww', '-o', 'ppid=,command=', '-p', String(pid)]);
    return { parentPid: Number.parseInt(stdout, 10), command: stdout };
  }
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  return { parentPid: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command };
}
