import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.release();
});

test('no column rounds a time: one rounded up lies ahead of now(), and what is due would not be due yet', async () => {
  const { rows } = await database.pool.query(
    `SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND datetime_precision < 6`,
  );
  expect(rows).toEqual([]);
});
