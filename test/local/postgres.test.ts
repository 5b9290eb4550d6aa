import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPostgres, type RunningPostgres } from '../../local/postgres/start-postgres.js';
import { getBuilt } from '../support/get-built.js';
import { testDataFolder } from '../support/test-data-folder.js';

const isRoot = process.getuid?.() === 0;

let script: string;
let dataDir: string;
/** With a database, whose server is stopped: it takes seconds to make and moments to copy. */
let made: string;
const running: RunningPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  script = await getBuilt('local/postgres.js');
  made = await mkdtemp(path.join(testDataFolder(), 'passalong-postgres-test-'));
  const postgres = await startPostgres({ dataDir: made, port: 0, durable: false, database: 'app' });
  await postgres.close();
});

afterAll(async () => {
  await rm(made, { recursive: true });
});

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(testDataFolder(), 'passalong-postgres-test-'));
});

/** With its owners, whoever they are. */
async function copyMade(folder = dataDir): Promise<void> {
  await promisify(execFile)('cp', ['-a', `${made}/.`, folder]);
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await Promise.all(running.splice(0).map((postgres) => postgres.close()));
  await expect.poll(() => isServerRunning()).toBe(false);
  await rm(dataDir, { recursive: true, maxRetries: 10 });
});

describe('startPostgres', () => {
  test('makes the database on a new folder and finds its data on the second start', async () => {
    const first = await start();
    await write(first, 'kept');
    expect(await show(first, 'listen_addresses')).toBe('127.0.0.1');
    expect(await show(first, 'unix_socket_directories')).toBe('');
    expect(await show(first, 'server_encoding')).toBe('UTF8');
    await first.close();
    await first.close();

    const second = await start();
    expect(await read(second)).toEqual(['kept']);
    expect((await stat(path.join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
  });

  test('lets nobody in without the password', async () => {
    await copyMade();
    const { port } = await start();
    const client = new pg.Client(`postgresql://postgres:wrong@127.0.0.1:${port}/app`);
    await expect(client.connect()).rejects.toThrow('password authentication failed');
  });

  test('refuses a folder whose server another start still uses, and leaves that server alone', async () => {
    await copyMade();
    const first = await start();
    await expect(start()).rejects.toThrow(`in use by process ${process.pid}`);
    await write(first, 'undisturbed');
    expect(await read(first)).toEqual(['undisturbed']);
  });

  test('stops a server whose owner is gone and goes on with its data', async () => {
    await copyMade();
    const orphan = await start();
    await write(orphan, 'kept');
    await writeFile(path.join(dataDir, 'owner.pid'), '0\n');
    const next = await start();
    await orphan.exited;
    expect(await read(next)).toEqual(['kept']);
  });

  test('starts over a postmaster.pid whose number belongs to another program by now', async () => {
    await copyMade();
    await (await start()).close();
    await writeFile(path.join(dataDir, 'cluster/postmaster.pid'), `${process.pid}\n${dataDir}/cluster\n`);
    await start();
  });

  test('shows what Postgres said when it does not start', async () => {
    await copyMade();
    const { port } = await start();
    const other = await mkdtemp(path.join(testDataFolder(), 'passalong-postgres-test-'));
    await copyMade(other);
    const options = { dataDir: other, port, durable: false, database: 'app' };
    await expect(startPostgres(options)).rejects.toThrow(/did not start[^]*Address already in use/);
    await rm(other, { recursive: true });
  });

  test.runIf(isRoot)('names the folder that the user postgres may not enter', async () => {
    const home = path.join(dataDir, 'home');
    await mkdir(home);
    await chmod(dataDir, 0o755);
    await chmod(home, 0o700);
    const options = { dataDir: path.join(home, 'data'), port: 0, durable: false, database: 'app' };
    await expect(startPostgres(options)).rejects.toThrow(`may not enter ${home}. Set DATA_DIR`);
  });
});

describe('the Postgres process', () => {
  test('stops the server and exits with 0 on SIGTERM, on SIGINT and when its parent lets go', async () => {
    await copyMade();
    for (const stop of [
      (child: ChildProcess) => child.kill('SIGTERM'),
      (child: ChildProcess) => child.kill('SIGINT'),
      (child: ChildProcess) => {
        child.disconnect();
      },
    ]) {
      const child = forkMain();
      await connectionStringOf(child);
      stop(child);
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(await isServerRunning()).toBe(false);
    }
  });

  test('exits with 1 when the server dies', async () => {
    await copyMade();
    const child = forkMain();
    await connectionStringOf(child);
    process.kill(await postmasterPid(), 'SIGKILL');
    expect(await once(child, 'exit')).toEqual([1, null]);
  });

  test('keeps committed data through kill -9, and the server does not outlive it', async () => {
    await copyMade();
    const child = forkMain();
    const connectionString = await connectionStringOf(child);
    await write({ connectionString }, 'committed');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await read(await start())).toEqual(['committed']);
    await running.pop()?.close();

    const again = forkMain();
    await connectionStringOf(again);
    again.kill('SIGKILL');
    await expect.poll(() => isServerRunning()).toBe(false);
  });

  test('begins anew after kill -9 in the middle of making the folder', async () => {
    const child = forkMain();
    await expect.poll(() => unfinishedFolders(), { interval: 10 }).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(dataDir)).not.toContain('cluster');
    await write(await start(), 'works');
    expect(await unfinishedFolders()).toEqual([]);
  });
});

async function start(): Promise<RunningPostgres> {
  const postgres = await startPostgres({ dataDir, port: 0, durable: false, database: 'app' });
  running.push(postgres);
  return postgres;
}

function forkMain(): ChildProcess {
  const env = { ...process.env, LOCAL_POSTGRES_DATA_DIR: dataDir, LOCAL_POSTGRES_DATABASE: 'app' };
  const child = fork(script, { env, execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  children.push(child);
  return child;
}

async function connectionStringOf(child: ChildProcess): Promise<string> {
  let output = '';
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk);
    const found = /^ready (\S+)\n/.exec(output)?.[1];
    if (found) return found;
  }
  throw new Error(`The process ended without being ready: ${output}`);
}

async function query(postgres: { connectionString: string }, text: string): Promise<string[]> {
  const client = new pg.Client(postgres.connectionString);
  await client.connect();
  try {
    const result = await client.query<[string]>({ text, rowMode: 'array' });
    return result.rows.map(([value]) => value);
  } finally {
    await client.end();
  }
}

async function write(postgres: { connectionString: string }, word: string): Promise<void> {
  await query(postgres, 'CREATE TABLE word (word text)');
  await query(postgres, `INSERT INTO word VALUES ('${word}')`);
}

function read(postgres: RunningPostgres): Promise<string[]> {
  return query(postgres, 'SELECT word FROM word');
}

async function show(postgres: RunningPostgres, setting: string): Promise<string | undefined> {
  return (await query(postgres, `SHOW ${setting}`))[0];
}

async function unfinishedFolders(): Promise<string[]> {
  return (await readdir(dataDir)).filter((name) => name.startsWith('unfinished-'));
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataDir, 'cluster/postmaster.pid'), 'utf8'), 10);
}

/** Postgres removes postmaster.pid when it has shut down; after kill -9 the number in it is nobody's. */
async function isServerRunning(): Promise<boolean> {
  const pid = await postmasterPid().catch(() => undefined);
  if (pid === undefined || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
