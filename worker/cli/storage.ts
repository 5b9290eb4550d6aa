import { parseArgs } from 'node:util';
import pg from 'pg';
import { postgresOptions } from '../../adapters/postgres-options.js';
import { openMembers } from '../../adapters/storage.js';
import { environment, readEnv, storageFrom } from '../../core/config.js';
import type { Logger } from '../../core/ports.js';
import { timingsFor } from '../../core/timings.js';
import { storageCommands } from '../storage-commands.js';

const USAGE = `Usage: npm run storage -- <command> [--json]

  status             how each member of storage is, and what it owes
  scrub [--due]      read every copy of every file and compare it with its SHA-256; make bad ones again
                     (--due: those alone whose time has come)
  rebuild [member]   give a wiped or new member all that it lacks; without a name, each of them
  verify <share>     read every copy of one share's files, and change nothing

--json prints one line of JSON at the end instead of a table and a progress bar.
Exits with 1 where something is wrong that the command did not mend.`;

/** What is found is said at the end. */
const silent: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** The operator's command for storage. It stays small: only `pg` speaks to Postgres here. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, due: { type: 'boolean', default: false } },
  });
  const [name = '', subject] = positionals;
  const command = Object.hasOwn(storageCommands, name) ? storageCommands[name] : undefined;
  if (!command) {
    console.error(USAGE);
    return 1;
  }
  const env = readEnv(
    { ...environment.runtime, ...environment.database, ...environment.storage },
    process.env,
  );
  const pool = new pg.Pool({
    ...postgresOptions(env.DATABASE_URL),
    max: 4,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
  });
  pool.on('error', () => undefined);
  try {
    const members = openMembers(storageFrom(env));
    const timings = timingsFor(env.LEASE_SECONDS, env.STORAGE_SCRUB_DAYS);
    const deps = { members, sql: pool, log: silent, timings };
    const { report, isWell, say } = await command(deps, {
      subject,
      isDueOnly: values.due,
      isQuiet: values.json,
    });
    console.log(values.json ? JSON.stringify(report) : say());
    return isWell ? 0 : 1;
  } finally {
    await pool.end();
  }
}
