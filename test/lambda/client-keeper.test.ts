import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClientKeeper } from '../../lambda/client-keeper.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

let database: OpenTestDatabase;
let opened: pg.Client[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await Promise.all(opened.map((client) => client.end().catch(() => undefined)));
  await database.release();
});

function createKeeper() {
  opened = [];
  return createClientKeeper(() => {
    const client = new pg.Client({ connectionString: database.connectionString });
    opened.push(client);
    return client;
  });
}

const ping = (client: pg.Client) => client.query('SELECT 1');

test('a warm function works on one connection, however often it is called', async () => {
  const withClient = createKeeper();
  for (let count = 0; count < 30; count += 1) await withClient(ping);
  expect(opened).toHaveLength(1);
  expect(opened[0]?.listenerCount('error')).toBeLessThan(5);
});

test('after an error nobody meets the old connection again', async () => {
  const withClient = createKeeper();
  await expect(
    withClient(async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT nonsense');
    }),
  ).rejects.toThrow('nonsense');
  await withClient(ping);
  expect(opened).toHaveLength(2);
});

test('a connection that died while the function slept is not used again', async () => {
  const withClient = createKeeper();
  await withClient(ping);
  const died = new Promise((resolve) => opened[0]?.once('end', resolve));
  await database.db.$executeRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1' AND datname = current_database()`;
  await died;
  await withClient(ping);
  expect(opened).toHaveLength(2);
});

test('calls at once have a connection each', async () => {
  const withClient = createKeeper();
  await Promise.all([withClient(ping), withClient(ping)]);
  expect(opened).toHaveLength(2);
});

test('a database that is down is an error to the caller', async () => {
  const withClient = createClientKeeper(
    () => new pg.Client({ connectionString: 'postgresql://127.0.0.1:1/none' }),
  );
  await expect(withClient(ping)).rejects.toThrow('ECONNREFUSED');
});
