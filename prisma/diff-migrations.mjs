import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { withTemporaryPostgres } from './temporary-postgres.mjs';

export const migrationsDir = pathOf('migrations');
const differsExitCode = 2;

/**
 * Compares what the migrations make, in a Postgres of their own, with schema.prisma. `output` is what
 * `prisma migrate diff` says, with `['--script']` the SQL that is missing.
 */
export async function diffMigrations(flags = []) {
  return withTemporaryPostgres(async (connectionString) => {
    const from = ['--from-migrations', migrationsDir];
    const to = ['--to-schema', pathOf('schema.prisma')];
    const command = [pathOf('prisma.mjs'), 'migrate', 'diff', ...from, ...to, '--exit-code', ...flags];
    const cli = spawn(process.execPath, command, {
      cwd: pathOf('..'),
      env: { ...process.env, DATABASE_URL: connectionString },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise((resolve) => cli.once('close', resolve));
    const [output, errors, exitCode] = await Promise.all([text(cli.stdout), text(cli.stderr), exited]);
    if (exitCode !== 0 && exitCode !== differsExitCode)
      throw new Error(`prisma migrate diff failed:\n${errors}`);
    return { differs: exitCode === differsExitCode, output };
  });
}

function pathOf(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}
