import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, open, readFile, realpath, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { stopWithThisProcess } from '../start/stop-with-this-process.js';
import { initialiseCluster } from './initialise-cluster.js';
import { locatePostgres } from './locate-postgres.js';
import { stopOrphan } from './stop-orphan.js';
import { findServerUser, refuseUnreachable } from './server-user.js';

const startTimeoutMs = 60_000; // crash recovery of a large data folder takes a while
const fastShutdownMs = 15_000;

export interface PostgresOptions {
  dataDir: string;
  /** 0 takes a free port. */
  port: number;
  /** false trades crash safety for speed, and lets what was deleted lie: for tests. */
  durable?: boolean;
  /** Made when it does not exist. */
  database: string;
}

export interface RunningPostgres {
  connectionString: string;
  port: number;
  pid: number;
  /** Resolves when the server is gone, asked for or not. */
  exited: Promise<void>;
  /** Ends every session and stops the server; safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts the Postgres that npm installed on 127.0.0.1, over `<dataDir>/cluster`, which is made on the first start.
 * The password is in `<dataDir>/password`, the last run's log in `<dataDir>/postgres.log`. A server that a killed
 * process left behind is stopped first. As root it runs as the system user postgres.
 * @throws Error saying what to do when the folder cannot be used, is in use, or the server does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const user = await findServerUser();
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  if (user) await chmod(dataDir, 0o711);
  await refuseUnreachable(dataDir, user);

  const native = await locatePostgres(dataDir, user);
  const isDurable = options.durable ?? true;
  const { clusterDir, password } = await initialiseCluster({ dataDir, native, user, isDurable });
  const ownerFile = path.join(dataDir, 'owner.pid');
  await stopOrphan(clusterDir, ownerFile);

  const port = options.port === 0 ? await findFreePort() : options.port;
  const logFile = path.join(dataDir, 'postgres.log');
  const log = await open(logFile, 'w');
  const server = spawn(path.join(native, 'bin/postgres'), serverArguments(clusterDir, port, isDurable), {
    ...user,
    // A group of its own: Ctrl-C in the terminal must not stop Postgres before the processes that use it.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: {},
  });
  const exited = exitOf(server);
  await log.close();
  await writeFile(ownerFile, `${process.pid}\n`);

  // Where the watcher is killed too, the next start stops the server.
  const watcher = stopWithThisProcess(server, 'INT');
  const close = async () => {
    await stopServer(server, exited);
    watcher.kill();
  };

  try {
    const pid = await waitUntilReady(server, clusterDir, logFile);
    const connectionTo = (database: string) =>
      `postgresql://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    await createDatabase(connectionTo('postgres'), options.database);
    return { connectionString: connectionTo(options.database), port, pid, exited, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function serverArguments(clusterDir: string, port: number, isDurable: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    // In the data folder, not in /dev/shm, where a server that was killed would leave it for ever.
    dynamic_shared_memory_type: 'mmap',
    // Three processes fewer, which no load of one machine's needs.
    io_method: 'sync',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(isDurable
      ? {}
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', clusterDir, '-p', String(port), ...flags];
}

async function exitOf(server: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    server.once('error', () => {
      resolve();
    });
    server.once('exit', () => {
      resolve();
    });
  });
}

/** Fast shutdown, then an immediate one, which the next start recovers from. */
async function stopServer(server: ChildProcess, exited: Promise<void>): Promise<void> {
  server.kill('SIGINT');
  const impatience = setTimeout(() => server.kill('SIGQUIT'), fastShutdownMs);
  await exited;
  clearTimeout(impatience);
}

/** Postgres writes its state on line 8 of postmaster.pid, which pg_ctl reads as well; line 1 tells whose file it is. */
async function waitUntilReady(server: ChildProcess, clusterDir: string, logFile: string): Promise<number> {
  const { pid } = server;
  const deadline = Date.now() + startTimeoutMs;
  while (
    pid !== undefined &&
    server.exitCode === null &&
    server.signalCode === null &&
    Date.now() < deadline
  ) {
    const lines = (await readFile(path.join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => '')).split(
      '\n',
    );
    if (lines[0] === String(pid) && lines[7]?.trim() === 'ready') return pid;
    await sleep(20);
  }
  const lastLines = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');
  throw new Error(`Postgres did not start. The end of ${logFile}:\n${lastLines}`);
}

async function createDatabase(adminConnectionString: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminConnectionString });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
