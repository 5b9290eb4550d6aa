import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

export interface RunningProcess {
  child: ChildProcess;
  /** What it said so far: its ready line, and its log. */
  output(): string;
  /** Sends the signal to one that still runs, and waits for its end. @returns its exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** One of our processes. Resolves when it says that it is ready. @throws Error with what it said where it ends before */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
): Promise<RunningProcess> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/^ready( .*)?\n/m.test(output)) resolve();
      });
    }
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`it ended:\n${output}`));
    });
  });
  await isReady;
  return {
    child,
    output: () => output,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return child.exitCode;
    },
  };
}
