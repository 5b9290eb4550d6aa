import { expect } from 'vitest';
import type { OpenTestDatabase } from './open-test-database.js';

/** Until a statement of this database waits for a row that another transaction holds. */
export async function untilWaiting({ pool }: OpenTestDatabase): Promise<void> {
  await expect
    .poll(async () => {
      const { rowCount } = await pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rowCount;
    })
    .toBe(1);
}
