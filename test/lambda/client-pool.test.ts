import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClientPool } from '../../lambda/client-pool.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

test('a connection that breaks between two statements fails the work, ends no process, and is not used again', async () => {
  const withClient = createClientPool(database.pool);
  const work = withClient(async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const broken = new Promise((resolve) => client.once('end', resolve));
    await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await broken;
    await client.query('SELECT 1');
  });
  await expect(work).rejects.toThrow(/not queryable/);
  const answer = await withClient(async (client) => (await client.query('SELECT 1 AS one')).rows as unknown);
  expect(answer).toEqual([{ one: 1 }]);
});
