import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes this process the only one on a data folder, until `release`; what a killed process left does not count.
 * @throws Error that names the process which has it
 */
export async function lockDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const file = path.join(dataDir, 'running.pid');
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return { release: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (await isOurs(pid)) {
        throw new Error(
          `Passalong is running on ${dataDir} already (process ${pid}). Stop that one, or set another DATA_DIR.`,
          { cause: error },
        );
      }
      await rm(file, { force: true });
    }
  }
}

/** Whether a process of that number lives, whoever owns it, and is one of these; without /proc, whether it lives. */
async function isOurs(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  let isAnothers = false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It lives, and belongs to somebody else.
    isAnothers = (error as NodeJS.ErrnoException).code === 'EPERM';
    if (!isAnothers) return false;
  }
  if (process.platform !== 'linux') return true;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  // A system may hide what others run: then it may well be one of these.
  return command === null ? isAnothers : /\b(start|cluster)\.js\b/.test(command);
}
