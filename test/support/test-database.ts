import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { queryOnce } from './query-once.js';

export interface TestDatabase {
  connectionString: string;
  /** Drops the database and ends whatever is still connected to it. */
  drop(): Promise<void>;
}

/** A database of its own for one test file, with every migration applied, or with nothing in it. */
export async function createTestDatabase(template = inject('databaseTemplate')): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await queryOnce(inject('databaseUrl'), `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const url = new URL(inject('databaseUrl'));
  url.pathname = name;
  return {
    connectionString: url.href,
    drop: async () => {
      await queryOnce(inject('databaseUrl'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
