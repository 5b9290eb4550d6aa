import type { Client, Pool } from 'pg';

/** The same for several at once: a connection of a pool for each, and after any error it is never used again. */
export function createClientPool(pool: Pool): <T>(work: (client: Client) => Promise<T>) => Promise<T> {
  return async (work) => {
    const client = await pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
}
