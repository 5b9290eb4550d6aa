import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { lockDataDir } from './data-lock.js';
import { requireFree, type PublicPort } from './ports.js';
import { hasDoubledChat, hasRealMail, type Settings } from './read-settings.js';
import { loadSecrets, type Secrets } from './secrets.js';
import { SEED_EMAIL, type Stack } from './start-stack.js';
import { createSupervisor, type Supervisor } from './supervisor.js';

/** Ada's password, which is shown once, and how long the start took. */
export interface Start {
  password: string;
  isFirstStart: boolean;
  seconds: number;
}

/** What is to run. */
export interface Composition<T extends Stack> {
  settings: Settings;
  /** Ports that it needs besides those of the servers of this machine. */
  ports: readonly PublicPort[];
  start: (supervisor: Supervisor, secrets: Secrets) => Promise<T>;
  describe: (stack: T, start: Start) => string;
}

/**
 * Runs a stack in this terminal, one on each data folder, until Ctrl-C: refuses where a port is taken, prints what runs
 * where, and keeps `running.json` for commands that join it. Ends this process.
 */
export async function runStack<T extends Stack>(compose: () => Composition<T>): Promise<never> {
  // Whoever reads this may stop reading: `npm start | head`.
  process.stdout.on('error', () => undefined);
  try {
    await run(compose());
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  console.log('Stopped.');
  process.exit(0);
}

async function run<T extends Stack>({ settings, ports, start, describe }: Composition<T>): Promise<void> {
  const startedAt = performance.now();
  const { DATA_DIR: dataDir } = settings;
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataDir(dataDir);
  const stateFile = path.join(dataDir, 'running.json');
  try {
    await requireFree([...ports, ...portsOfServers(settings)]);
    const { secrets, isFirstStart } = await loadSecrets(dataDir);
    const say = (line: string): void => {
      console.log(line);
    };
    let remember = (): void => undefined;
    const supervisor = createSupervisor(path.join(dataDir, 'logs'), say, () => {
      remember();
    });
    const interruption = heedSignals(() => {
      supervisor.killAll();
    });
    interruption.addEventListener('abort', () => {
      console.log('\nStopping …');
      supervisor.abandon();
    });
    try {
      const stack = await start(supervisor, secrets);
      remember = () => {
        writeState(stateFile, stack, secrets);
      };
      remember();
      const seconds = (performance.now() - startedAt) / 1000;
      if (!interruption.aborted) {
        console.log(describe(stack, { password: secrets.seedPassword, isFirstStart, seconds }));
        await once(interruption, 'abort');
      }
      await stack.stop();
    } catch (error) {
      // What was still starting says that it did not start.
      if (!interruption.aborted) throw error;
    }
  } finally {
    await rm(stateFile, { force: true });
    await lock.release();
  }
}

/** Of the servers that stand in for others, those that are not configured to be elsewhere. */
function portsOfServers(settings: Settings): PublicPort[] {
  const { given } = settings;
  return [
    ...(hasDoubledChat(settings) ? [{ port: settings.CONSOLE_PORT, variable: 'CONSOLE_PORT' }] : []),
    ...(hasRealMail(given) ? [] : [{ port: settings.INBOX_PORT, variable: 'INBOX_PORT' }]),
    ...(given['S3_ENDPOINT'] ? [] : [{ port: settings.S3_PORT, variable: 'S3_PORT' }]),
  ];
}

/** What `npm run demo` and `npm run chat` read, whole at any time; its owner's alone, since it has secrets. */
function writeState(file: string, stack: Stack, { seedPassword }: Secrets): void {
  const { urls, productEnv } = stack;
  const account = { email: SEED_EMAIL, password: seedPassword };
  const state = { urls, pids: stack.pids(), account, productEnv };
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Aborts at the first Ctrl-C or SIGTERM; at a second one `killAll` is called, and this process ends. */
function heedSignals(killAll: () => void): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        killAll();
        process.exit(1);
      }
      controller.abort();
    });
  }
  return controller.signal;
}
