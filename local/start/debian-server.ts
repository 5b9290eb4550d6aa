import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopWithThisProcess } from './stop-with-this-process.js';

/** So long a server may take to end by itself. */
const STOP_TIMEOUT_MS = 15_000;

/** A server that Debian has packaged, as a child of this process. */
export interface DebianServer {
  pid: number;
  /** Resolves when it is gone, asked for or not, with what it said last. */
  exited: Promise<string>;
  /** Asks it to end (SIGTERM unless told) and waits for it. Safe to call again. */
  close(signal?: NodeJS.Signals): Promise<void>;
}

/** Where Debian puts servers, which the PATH of an ordinary user leaves out. */
export const SERVER_PATH = `${process.env.PATH ?? ''}:/usr/sbin`;

/**
 * Starts a server in the foreground and resolves once `isReady` says so of what it has printed, or by asking it.
 * It ends with this process. @throws Error with what it said where it ends before
 */
export async function startDebianServer(
  command: string,
  args: readonly string[],
  isReady: (said: string) => boolean | Promise<boolean>,
): Promise<DebianServer> {
  const child = spawn(command, args, {
    // A group of its own: Ctrl-C in the terminal is for the supervisor, which stops this one in its turn.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: SERVER_PATH },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text);
      said = (said + text).slice(-4_000);
    });
  }
  const exited = endOf(child).then(() => said.trim());
  const watcher = stopWithThisProcess(child, 'TERM');
  const close = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(impatience);
    watcher.kill();
  };
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  while (isRunning() && !(await isReady(said))) await sleep(20);
  if (isRunning()) return { pid: child.pid ?? 0, exited, close };
  watcher.kill();
  throw new Error(`${command} did not start:\n${await exited}`);
}

/** A program that is not there ends too: with an error. */
async function endOf(child: ChildProcess): Promise<void> {
  await once(child, 'close').catch(() => undefined);
}
