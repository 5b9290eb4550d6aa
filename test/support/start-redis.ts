import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePorts } from '../../local/start/ports.js';

export const REDIS_HINT = 'no redis-server here: apt-get install redis-server';

export interface TestRedis {
  url: string;
  /** kill -9. */
  crash(): Promise<void>;
  /** Starts it again on the same port, with what it had written. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

/** Whether a Redis can be started here. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A Redis of its own that is as durable as production's. @throws Error where it does not start */
export async function startRedis(): Promise<TestRedis> {
  const dir = await mkdtemp(path.join(tmpdir(), 'passalong-redis-'));
  const [port = 0] = await findFreePorts(1);
  let server = await launch(dir, port);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    crash: () => end('SIGKILL'),
    async revive() {
      server = await launch(dir, port);
    },
    async close() {
      await end('SIGTERM');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function launch(dir: string, port: number): Promise<ChildProcess> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(REDIS_HINT, { cause }));
    });
    server.once('exit', () => {
      reject(new Error(`redis-server ended:\n${said}`));
    });
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}
