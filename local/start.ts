import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockDataDir } from './start/data-lock.js';
import { describeStack } from './start/describe-stack.js';
import { requireFree } from './start/ports.js';
import { hasDoubledChat, hasRealMail, readSettings } from './start/read-settings.js';
import { loadSecrets } from './start/secrets.js';
import { SEED_EMAIL, startStack } from './start/start-stack.js';
import { createSupervisor } from './start/supervisor.js';

const scripts = path.dirname(fileURLToPath(import.meta.url));

// Whoever reads this may stop reading: `npm start | head`.
process.stdout.on('error', () => undefined);
try {
  await start();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** `npm start`: one process tree in one terminal, everything a share needs, until Ctrl-C. */
async function start(): Promise<void> {
  const startedAt = performance.now();
  const settings = readSettings(process.env);
  const { DATA_DIR: dataDir, given } = settings;
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataDir(dataDir);
  const stateFile = path.join(dataDir, 'running.json');
  try {
    await requireFree([
      { port: settings.PORT, variable: 'PORT' },
      ...(hasDoubledChat(settings) ? [{ port: settings.CONSOLE_PORT, variable: 'CONSOLE_PORT' }] : []),
      ...(hasRealMail(given) ? [] : [{ port: settings.INBOX_PORT, variable: 'INBOX_PORT' }]),
      ...(given['S3_ENDPOINT'] ? [] : [{ port: settings.S3_PORT, variable: 'S3_PORT' }]),
    ]);
    const { secrets, isFirstStart } = await loadSecrets(dataDir);
    const supervisor = createSupervisor(path.join(dataDir, 'logs'), (line) => {
      console.log(line);
    });
    const interruption = heedSignals(() => {
      supervisor.killAll();
    });
    interruption.addEventListener('abort', () => {
      console.log('\nStopping …');
      supervisor.abandon();
    });
    try {
      const stack = await startStack(supervisor, settings, secrets, scripts);
      const { urls, productEnv, pids } = stack;
      const account = { email: SEED_EMAIL, password: secrets.seedPassword };
      await writeFile(stateFile, JSON.stringify({ urls, pids, account, productEnv }, null, 2), {
        mode: 0o600,
      });
      const seconds = (performance.now() - startedAt) / 1000;
      if (!interruption.aborted) {
        const seed = { password: secrets.seedPassword, isFirstStart };
        console.log(describeStack(stack, settings, seed, seconds));
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
  console.log('Stopped.');
  process.exit(0);
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
