import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePorts } from '../../local/start/ports.js';
import { parseMessage, type MessageContent } from '../../local/ses/parse-message.js';

export const AIOSMTPD_HINT = 'no aiosmtpd here: apt-get install python3-aiosmtpd';

/** Debian's own Python: another one on the PATH does not know Debian's packages. */
const PYTHON = '/usr/bin/python3';

/** An SMTP server that this project did not write: Python's, which keeps what it takes in a maildir. */
export interface TestAiosmtpd {
  url: string;
  listMails(): Promise<MessageContent[]>;
  close(): Promise<void>;
}

export function hasAiosmtpd(): boolean {
  return spawnSync(PYTHON, ['-m', 'aiosmtpd', '--version']).status === 0;
}

/** On a free port of this machine. @throws Error where it does not start */
export async function startAiosmtpd(): Promise<TestAiosmtpd> {
  const dir = await mkdtemp(path.join(tmpdir(), 'passalong-aiosmtpd-'));
  const maildir = path.join(dir, 'mails');
  const [port = 0] = await findFreePorts(1);
  const handler = ['-c', 'aiosmtpd.handlers.Mailbox', maildir];
  const server = spawn(PYTHON, ['-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`, ...handler], {
    stdio: 'ignore',
  });
  await untilOpen(port);
  return {
    url: `smtp://127.0.0.1:${port}`,
    async listMails() {
      const folder = path.join(maildir, 'new');
      const names = await readdir(folder);
      return Promise.all(names.map(async (name) => parseMessage(await readFile(path.join(folder, name)))));
    },
    async close() {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('aiosmtpd did not answer within ten seconds');
}
