import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import type { Running } from '../../../local/demo/entrance.js';
import { findFreePorts } from '../../../local/start/ports.js';

/** A stack that runs: what `npm start` leaves in `running.json`, and a connection to its database. */
export interface BenchStack extends Running {
  urls: { portal: string; inbox: string; s3: string; slack: string; discord: string };
  productEnv: Record<string, string>;
  pids: { portal: number; worker: number; bot: number };
  db: pg.Client;
}

/** Limits that no bench meets. */
const GENEROUS = {
  MAX_SHARES_PER_HOUR: '1000000',
  MAX_RECIPIENTS_PER_DAY: '1000000',
  MAX_RECIPIENTS_PER_DAY_WHEN_NEW: '1000000',
  MAX_LIVE_BYTES_PER_ACCOUNT: String(1024 ** 4),
};

/** Builds what `npm start` builds. @throws Error where the build fails */
export function buildStack(): void {
  const { status } = spawnSync(process.execPath, ['build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the build failed');
}

/** Does the work against a stack of its own on a new data folder, then stops it and removes all that it kept. */
export async function withStack<T>(
  env: Record<string, string>,
  work: (stack: BenchStack) => Promise<T>,
): Promise<T> {
  return withFolder(async (dataDir) => {
    const started = await startProcess([process.execPath, 'dist/start.js'], {
      ...(await chooseEnvironment(dataDir)),
      ...GENEROUS,
      ...env,
    });
    try {
      const text = await readFile(join(dataDir, 'running.json'), 'utf8');
      const running = JSON.parse(text) as Omit<BenchStack, 'db'>;
      const db = new pg.Client({ connectionString: running.productEnv['DATABASE_URL'] });
      await db.connect();
      try {
        return await work({ ...running, db });
      } finally {
        await db.end();
      }
    } finally {
      await started.stop();
    }
  });
}

/** Gives a temporary folder that another user (Postgres, where we are root) may pass through, and removes it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'passalong-bench-'));
  try {
    await chmod(folder, 0o711);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where a stack keeps its data, and ports that are free. */
export async function chooseEnvironment(dataDir: string): Promise<Record<string, string>> {
  const [portal, inbox, s3] = await findFreePorts(3);
  return { DATA_DIR: dataDir, PORT: String(portal), INBOX_PORT: String(inbox), S3_PORT: String(s3) };
}

/** Runs a command until it says that Passalong is ready. `seconds` is how long that took. @throws Error with all that it said */
export async function startProcess(
  [command = '', ...args]: readonly string[],
  env: Record<string, string>,
): Promise<{ seconds: number; stop(): Promise<void> }> {
  const startedAt = performance.now();
  const { PATH = '', HOME = '' } = process.env;
  // A group of its own, so that one signal reaches npm's shell and what runs in it, as Ctrl-C does.
  const child = spawn(command, args, {
    env: { PATH, HOME, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const signal = (): void => signalGroup(child);
  process.on('SIGINT', signal).on('SIGTERM', signal);
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    signal();
    await exited;
    process.off('SIGINT', signal).off('SIGTERM', signal);
  };
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (line.includes('Passalong is ready')) resolve();
        // What a process of the stack complains of belongs next to the figures.
        else if (/^[a-z0-9]+: /.test(line)) console.error(`  ${line}`);
      });
    }
    void exited.then(() => {
      reject(new Error(`the stack did not start:\n${said.join('\n')}`));
    });
  });
  return { seconds: (performance.now() - startedAt) / 1000, stop };
}

function signalGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGINT');
}
