import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startStack, type Running } from '../../support/start-stack.js';

/** A stack that runs, and connections to its database. */
export interface BenchStack extends Running {
  pids: { portal: number; worker: number; bot: number };
  db: pg.Pool;
}

/** Limits that no bench meets. */
export const GENEROUS = {
  MAX_SHARES_PER_HOUR: '1000000',
  MAX_RECIPIENTS_PER_DAY: '1000000',
  MAX_RECIPIENTS_PER_DAY_WHEN_NEW: '1000000',
  MAX_LIVE_BYTES_PER_ACCOUNT: String(1024 ** 4),
};

/** Does the work against a stack of its own on a new data folder, then stops it and removes all that it kept. */
export async function withStack<T>(
  env: Record<string, string>,
  work: (stack: BenchStack) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ env: { ...GENEROUS, ...env } });
  // The work then fails, and leaves through the same door.
  const interrupt = (): void => void stack.stop();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const db = new pg.Pool({ connectionString: stack.productEnv['DATABASE_URL'] });
  db.on('error', () => undefined);
  const { portal = 0, worker = 0, bot = 0 } = stack.pids;
  try {
    return await work({ ...stack, pids: { portal, worker, bot }, db });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    const complaints = stack.output().split('\n').filter(isComplaint);
    for (const line of new Set(complaints)) console.error(`  ${line}`);
    await db.end();
    await stack.stop();
  }
}

/** Whether a line is a warning or an error of one of the processes: those belong next to the figures. */
function isComplaint(line: string): boolean {
  return /^(bot|portal|worker|lambda|s3|inbox|slack|discord|postgres)\b/.test(line);
}

/** Gives a temporary folder, and removes it. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'passalong-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
