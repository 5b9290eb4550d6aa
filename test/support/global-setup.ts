import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../local/postgres/start-postgres.js';
import { applyMigrations } from '../../prisma/migrate.js';
import { queryOnce } from './query-once.js';
import { findQuickestFolder, testDataFolder } from './test-data-folder.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection to the test server. */
    databaseUrl: string;
    /** The database there that has every migration, for this run alone: others may use the same server. */
    databaseTemplate: string;
  }
}

const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Runs once before all tests: on the server of TEST_DATABASE_URL, or on one of its own that lives as long as the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['TEST_DATA_FOLDER'] ??= await findQuickestFolder();
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? { connectionString: given, stop: async () => {} } : await startServer();
  const template = `passalong_template_${randomBytes(8).toString('hex')}`;
  const stop = async (): Promise<void> => {
    await queryOnce(server.connectionString, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await server.stop();
  };
  try {
    await queryOnce(server.connectionString, `CREATE DATABASE ${template}`);
    const connectionString = Object.assign(new URL(server.connectionString), { pathname: template }).href;
    await applyMigrations({ connectionString, migrationsDir });
  } catch (error) {
    await stop().catch(() => server.stop());
    throw error;
  }
  project.provide('databaseUrl', server.connectionString);
  project.provide('databaseTemplate', template);
  return stop;
}

async function startServer(): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(testDataFolder(), 'passalong-test-'));
  const postgres = await startPostgres({ dataDir, port: 0, durable: false, database: 'postgres' });
  const stop = async () => {
    await postgres.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { connectionString: postgres.connectionString, stop };
}
