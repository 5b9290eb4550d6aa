import type { Client } from 'pg';

/**
 * Keeps one connection over the calls of a warm function and makes a new one after any error: an aborted
 * transaction or a dead line is never used again.
 */
export function createClientKeeper(
  connect: () => Client,
): <T>(work: (client: Client) => Promise<T>) => Promise<T> {
  let kept: Client | undefined;
  const open = async (): Promise<Client> => {
    const client = connect();
    client.on('error', () => {
      if (kept === client) kept = undefined;
    });
    await client.connect();
    return client;
  };
  return async (work) => {
    const client = kept ?? (await open());
    kept = undefined;
    try {
      const result = await work(client);
      kept = client;
      return result;
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  };
}
