import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockDataDir } from './start/data-lock.js';
import { describeStack } from './start/describe-stack.js';
import { requireFree } from './start/ports.js';
import { hasDoubledChat, readSettings } from './start/read-settings.js';
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
      ...(given['SES_ENDPOINT'] ? [] : [{ port: settings.INBOX_PORT, variable: 'INBOX_PORT' }]),
      ...(given['S3_ENDPOINT'] ? [] : [{ port: settings.S3_PORT, variable: 'S3_PORT' }]),
    ]);
    const { secrets, isFirstStart } = await loadSecrets(dataDir);
    const supervisor = createSupervisor(path.join(dataDir, 'logs'), (line) => {
      console.log(line);
    });
    const interrupted = waitForSignal(() => {
      supervisor.killAll();
    });
    const stack = await startStack(supervisor, settings, secrets, scripts);
    const { urls, productEnv, pids } = stack;
    const account = { email: SEED_EMAIL, password: secrets.seedPassword };
    await writeFile(stateFile, JSON.stringify({ urls, pids, account, productEnv }, null, 2), { mode: 0o600 });
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(describeStack(stack, settings, { password: secrets.seedPassword, isFirstStart }, seconds));
    await interrupted;
    console.log('\nStopping …');
    await stack.stop();
  } finally {
    await rm(stateFile, { force: true });
    await lock.release();
  }
  console.log('Stopped.');
  process.exit(0);
}

/** Resolves at the first Ctrl-C or SIGTERM; at a second one `killAll` is called, and this process ends. */
function waitForSignal(killAll: () => void): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isAsked) {
          killAll();
          process.exit(1);
        }
        isAsked = true;
        resolve();
      });
    }
  });
}
