import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  pid: number;
  parentPid: number;
  isZombie: boolean;
}

/** A process and all that descend from it, parents first. */
export function listTree(root: number): number[] {
  const all = listProcesses();
  const tree = [root];
  for (const pid of tree)
    tree.push(...all.filter(({ parentPid }) => parentPid === pid).map((child) => child.pid));
  return tree;
}

/** Whether a process runs; one that ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  const found = process.platform === 'linux' ? readProcess(String(pid)) : listProcesses();
  return found.some((each) => each.pid === pid && !each.isZombie);
}

/** Slim Linux images have no ps, and other systems no /proc. */
function listProcesses(): Process[] {
  if (process.platform === 'linux') return readdirSync('/proc').flatMap(readProcess);
  const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid=,state='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parentPid, state = ''] = line.trim().split(/\s+/);
    return pid ? [{ pid: Number(pid), parentPid: Number(parentPid), isZombie: state.startsWith('Z') }] : [];
  });
}

function readProcess(name: string): Process[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    // The command's name stands in parentheses and may hold any character.
    const [state, parentPid] = readFileSync(`/proc/${name}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return [{ pid: Number(name), parentPid: Number(parentPid), isZombie: state === 'Z' }];
  } catch {
    return [];
  }
}
