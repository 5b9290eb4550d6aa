import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { createDatabase, createPool } from '../../adapters/database.js';
import { createJobQueue } from '../../adapters/job-queue.js';
import { createLogger } from '../../adapters/logger.js';
import { createStorage } from '../../adapters/storage.js';
import { environment, limitsFrom, linkSecretsFrom, readEnv, storageFrom } from '../../core/config.js';
import { createQueuedMarks } from '../../core/queued-marks.js';
import { timingsFor } from '../../core/timings.js';
import { languageOf, text, type Language } from '../../core/messages/messages.js';
import { runTerminal } from './run-terminal.js';
import type { Terminal } from './terminal.js';

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const {
    runtime,
    database,
    queue: queueEnvironment,
    storage: storageEnvironment,
    links,
    limits,
  } = environment;
  const env = readEnv(
    { ...runtime, ...database, ...queueEnvironment, ...storageEnvironment, ...links, ...limits },
    process.env,
  );
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { yes: { type: 'boolean' } },
  });
  const [typed = '/help', ...paths] = positionals;
  const log = createLogger('chat', 'error');
  const pool = createPool(env.DATABASE_URL, log);
  const db = createDatabase(pool);
  const queue = createJobQueue({ redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, log });
  const deps = {
    db,
    queue,
    log,
    limits: limitsFrom(env),
    linkSecrets: linkSecretsFrom(env),
    portalUrl: env.PORTAL_URL,
    timings: timingsFor(env.LEASE_SECONDS),
    marks: createQueuedMarks(queue),
    uploads: createStorage(storageFrom(env), log).uploads,
  };
  const language = languageOf(Intl.DateTimeFormat().resolvedOptions().locale) ?? 'en';
  const terminal = { language, write: console.log, ask: process.stdin.isTTY ? ask(language) : null };
  const userId = userInfo().username;
  try {
    return await runTerminal(deps, terminal, {
      text: typed,
      paths,
      userId,
      isConfirmed: values.yes === true,
    });
  } finally {
    await queue.close();
    await db.$disconnect();
    await pool.end();
  }
}

function ask(language: Language): NonNullable<Terminal['ask']> {
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await lines.question(`${question}\n[${text('chat.yes_or_no', {}, language)}] `);
    lines.close();
    return /^(y|yes|j|ja)$/i.test(answer.trim());
  };
}
