import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../local/postgres/start-postgres.js';
import { applyMigrations } from '../../prisma/migrate.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection to the test server, whose database passalong_template has every migration. */
    databaseUrl: string;
  }
}

const template = 'passalong_template';
const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** Runs once before all tests: on the server of TEST_DATABASE_URL, or on one of its own that lives as long as the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? { connectionString: given, stop: async () => {} } : await startServer();
  try {
    await prepareTemplate(server.connectionString);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('databaseUrl', server.connectionString);
  return server.stop;
}

async function startServer(): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'passalong-test-'));
  const postgres = await startPostgres({ dataDir, port: 0, durable: false, database: 'postgres' });
  const stop = async () => {
    await postgres.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { connectionString: postgres.connectionString, stop };
}

async function prepareTemplate(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${template}`);
  } finally {
    await admin.end();
  }
  const templateUrl = new URL(adminUrl);
  templateUrl.pathname = template;
  await applyMigrations({ connectionString: templateUrl.href, migrationsDir });
}
