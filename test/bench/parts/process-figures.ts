import { readFile, writeFile } from 'node:fs/promises';

/** Resident memory of a process in MiB: now, and the most since its start or the last `resetPeak`. Linux only. */
export async function readMemory(pid: number): Promise<{ nowMib: number; peakMib: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { nowMib: readKib(status, 'VmRSS') / 1024, peakMib: readKib(status, 'VmHWM') / 1024 };
}

/** Forgets the peak, so that the next one is that of what follows. @see proc(5), clear_refs */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** All bytes that a process has read and written: files, sockets, pipes. */
export async function readTraffic(pid: number): Promise<number> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8');
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1]);
  return count('rchar') + count('wchar');
}

function readKib(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (!found) throw new Error(`/proc names no ${name}`);
  return Number(found);
}
