import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startNoticeSender } from '../../bot/notice-sender.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { testDeps } from './discord-rig.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

test('a database that does not answer is asked for one connection, not for another every two seconds', async () => {
  const listen = vi.fn(() => new Promise<never>(() => undefined));
  const sender = startNoticeSender(testDeps(database), [], listen);
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  await sender.stop();
  expect(listen).toHaveBeenCalledTimes(1);
});

test('a connection that comes after the end is closed', async () => {
  let connect: (client: pg.Client) => void = () => undefined;
  const coming = new Promise<pg.Client>((resolve) => (connect = resolve));
  const sender = startNoticeSender(testDeps(database), [], () => coming);
  await sender.stop();
  const client = new pg.Client({ connectionString: database.connectionString });
  const ended = once(client, 'end');
  await client.connect();
  connect(client);
  await ended;
});
