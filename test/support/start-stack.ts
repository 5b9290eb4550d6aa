import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { findFreePorts } from '../../local/start/ports.js';
import { getBuilt } from './get-built.js';
import { isAlive, listTree } from './process-tree.js';
import { testDataFolder } from './test-data-folder.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const READY_MS = 90_000;
const STOP_MS = 60_000;

/** What `npm start` leaves for commands that join it. */
export interface Running {
  urls: {
    portal: string;
    inbox: string;
    s3: string;
    lambda: string;
    slack: string;
    discord: string;
    console: string;
  };
  account: { email: string; password: string };
  productEnv: Record<string, string>;
  pids: Record<string, number>;
}

export interface StackOptions {
  /** A new one under the system's temporary folder unless given, which then outlives the stack. */
  dataDir?: string;
  env?: Record<string, string>;
  /** Whom to run as. */
  user?: { uid: number; gid: number };
  /** `npm start` unless given. */
  script?: 'start.js' | 'cluster.js';
}

export interface Ending {
  code: number | null;
  output: string;
  /** Processes of the tree that outlived it. */
  leftovers: number[];
}

export interface TestStack extends Running {
  dataDir: string;
  output: () => string;
  /** As they are now: what ends is started again under another number. */
  readPids(): Promise<Record<string, number>>;
  query<T extends pg.QueryResultRow>(statement: string, values?: unknown[]): Promise<T[]>;
  /** Asks for the end (SIGTERM unless told), waits for it, and removes a data folder of its own. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
  /** kill -9 of every process of the tree, Postgres included. The data folder stays. */
  killTree(): Promise<void>;
}

/** The whole product as `npm start` runs it, on free ports. @throws Error with what it said where it does not come up */
export async function startStack(options: StackOptions = {}): Promise<TestStack> {
  const dataDir = options.dataDir ?? (await makeDataDir());
  const removeData = async (): Promise<void> => {
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
  };
  const { child, output, exited } = await launchReady({ ...options, dataDir }).catch(
    async (error: unknown) => {
      await removeData();
      throw error;
    },
  );
  const readRunning = async (): Promise<Running> =>
    JSON.parse(await readFile(path.join(dataDir, 'running.json'), 'utf8')) as Running;
  const running = await readRunning();
  const pool = new pg.Pool({
    connectionString: running.productEnv['DATABASE_URL'],
    max: 1,
    idleTimeoutMillis: 0,
  });
  // It is for the next query to say that Postgres was ended.
  pool.on('error', () => undefined);

  return {
    ...running,
    dataDir,
    output,
    readPids: async () => (await readRunning()).pids,
    query: async <T extends pg.QueryResultRow>(statement: string, values?: unknown[]) =>
      (await pool.query<T>(statement, values)).rows,
    async stop(signal = 'SIGTERM') {
      if (!pool.ended) await pool.end();
      const tree = child.pid === undefined ? [] : listTree(child.pid);
      child.kill(signal);
      const impatience = setTimeout(() => void killAll(child), STOP_MS);
      const code = await exited;
      clearTimeout(impatience);
      await removeData();
      return { code, output: output(), leftovers: await survivors(tree) };
    },
    async killTree() {
      if (!pool.ended) await pool.end();
      await killAll(child);
      await exited;
    },
  };
}

/** A folder for a stack's data. As root, Postgres runs as another user, who must be able to enter it. */
export async function makeDataDir(): Promise<string> {
  const folder = await mkdtemp(path.join(testDataFolder(), 'passalong-e2e-'));
  await chmod(folder, 0o711);
  return folder;
}

/** A start that is expected to end by itself, or by a signal that it gets when its first process starts. */
export async function runStart(
  options: StackOptions & { dataDir: string; signal?: NodeJS.Signals },
): Promise<Ending> {
  const { child, output, exited } = await launch(options);
  const impatience = setTimeout(() => void killAll(child), STOP_MS);
  let tree: number[] = [];
  if (options.signal && child.pid !== undefined) {
    const firstLog = path.join(options.dataDir, 'logs/postgres.log');
    for (let round = 0; round < 600 && !existsSync(firstLog); round += 1) await delay(20);
    tree = listTree(child.pid);
    child.kill(options.signal);
  }
  const code = await exited;
  clearTimeout(impatience);
  return { code, output: output(), leftovers: await survivors(tree) };
}

/** One of our commands under dist/, run to its end beside a running stack. */
export function runCommand(
  script: string,
  args: string[],
  env: Record<string, string>,
  { user }: Pick<StackOptions, 'user'> = {},
): Promise<Omit<Ending, 'leftovers'>> {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist', script), ...args], {
    cwd: ROOT,
    ...user,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  return exitOf(child).then((code) => ({ code, output: output() }));
}

interface Launched {
  child: ChildProcess;
  output: () => string;
  exited: Promise<number | null>;
}

async function launch({
  dataDir,
  env = {},
  user,
  script = 'start.js',
}: StackOptions & { dataDir: string }): Promise<Launched> {
  const built = await getBuilt(script);
  const [portal, cluster, inbox, s3, chat] = await findFreePorts(5);
  const child = spawn(process.execPath, [built], {
    cwd: ROOT,
    ...user,
    env: {
      PATH: process.env.PATH,
      HOME: user ? dataDir : process.env.HOME,
      DATA_DIR: dataDir,
      PORT: String(portal),
      CLUSTER_PORT: String(cluster),
      INBOX_PORT: String(inbox),
      S3_PORT: String(s3),
      CONSOLE_PORT: String(chat),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, output: collect(child), exited: exitOf(child) };
}

/** Another test may take a port that was free a moment ago: then with other ports, twice at most. */
async function launchReady(options: StackOptions & { dataDir: string }, triesLeft = 2): Promise<Launched> {
  const launched = await launch(options);
  try {
    await untilReady(launched);
    return launched;
  } catch (error) {
    await killAll(launched.child);
    if (triesLeft === 0 || !/in use|EADDRINUSE/.test(launched.output())) throw error;
    return launchReady(options, triesLeft - 1);
  }
}

function untilReady({ child, output, exited }: Launched): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`The stack is not ready after ${READY_MS} ms:\n${output()}`));
    }, READY_MS);
    child.stdout?.on('data', () => {
      // The line that ends the table.
      if (!output().includes('Ctrl-C stops everything')) return;
      clearTimeout(timer);
      resolve();
    });
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`The stack ended with ${code}:\n${output()}`));
    });
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return () => output;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** The supervisor first: it would start again what it sees die. */
async function killAll({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  const tree = listTree(pid);
  for (const each of tree) kill(each);
  for (let round = 0; round < 100 && tree.some(isAlive); round += 1) await delay(50);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** A shell that watches over Postgres ends a moment after it. */
async function survivors(pids: readonly number[]): Promise<number[]> {
  for (let round = 0; round < 40 && pids.some(isAlive); round += 1) await delay(50);
  return pids.filter(isAlive);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
