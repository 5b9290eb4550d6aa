import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePorts } from '../../local/start/ports.js';

export const CLAMD_HINT = 'no clamd here: apt-get install clamav-daemon';

/** What the test server calls malware, wherever it is in a file. It knows no other. */
export const MALWARE = Buffer.from('PASSALONG-TEST-MALWARE');
/** As it names it: what is not from ClamAV's own database is unofficial. */
export const MALWARE_NAME = 'Passalong.Test.UNOFFICIAL';
export const STREAM_MAX_BYTES = 4 * 1024 * 1024;

export interface TestClamd {
  url: string;
  close(): Promise<void>;
}

/** Whether a clamd can be started here. Debian has it where only root looks. */
export function hasClamd(): boolean {
  return spawnSync('clamd', ['--version'], { env }).status === 0;
}

/** ClamAV's own daemon with a database of one signature. @throws Error where it does not start */
export async function startClamd(): Promise<TestClamd> {
  const dir = await mkdtemp(path.join(tmpdir(), 'passalong-clamd-'));
  const [port = 0] = await findFreePorts(1);
  const settings = {
    DatabaseDirectory: path.join(dir, 'signatures'),
    TCPSocket: port,
    TCPAddr: '127.0.0.1',
    Foreground: 'yes',
    StreamMaxLength: STREAM_MAX_BYTES,
    TemporaryDirectory: dir,
  };
  const config = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  await mkdir(settings.DatabaseDirectory);
  const signature = `Passalong.Test:0:*:${MALWARE.toString('hex')}\n`;
  await writeFile(path.join(settings.DatabaseDirectory, 'test.ndb'), signature);
  await writeFile(path.join(dir, 'clamd.conf'), config.join(''));
  const server = spawn('clamd', ['--config-file', path.join(dir, 'clamd.conf')], { env });
  const exited = once(server, 'exit');
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const ended = exited.then(() => Promise.reject(new Error(`clamd ended:\n${said}`)));
  const ready = (async () => {
    // Its last words before it listens.
    while (!said.includes('Self checking every')) await new Promise((resolve) => setTimeout(resolve, 20));
  })();
  await Promise.race([ready, ended]);
  ended.catch(() => undefined);
  return {
    url: `tcp://127.0.0.1:${port}`,
    async close() {
      server.kill('SIGTERM');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
