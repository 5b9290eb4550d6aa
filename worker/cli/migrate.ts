import path from 'node:path';
import { postgresOptions } from '../../adapters/postgres-options.js';
import { environment, readEnv } from '../../core/config.js';
import { applyMigrations } from '../../prisma/migrate.js';

// Beside dist/ in the artefact as in a checkout.
const migrationsDir = path.resolve(import.meta.dirname, '../../prisma/migrations');

try {
  const env = readEnv(environment.database, process.env);
  const { applied } = await applyMigrations({ ...postgresOptions(env.DATABASE_URL), migrationsDir });
  for (const name of applied) console.log(`applied ${name}`);
  console.log(applied.length > 0 ? 'The database is up to date.' : 'The database was up to date.');
} catch (error) {
  console.error(`The database was not migrated: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
