import type { Client, Pool } from 'pg';

/**
 * The same for several at once: a connection of a pool for each, and after any error it is never used again. One that
 * breaks between two statements fails the next of them, and with that the work: unheard, it would end the process.
 */
export function createClientPool(pool: Pool): <T>(work: (client: Client) => Promise<T>) => Promise<T> {
  return async (work) => {
    const client = await pool.connect();
    client.on('error', ignore);
    try {
      const result = await work(client);
      client.off('error', ignore);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
}

const ignore = (): undefined => undefined;
