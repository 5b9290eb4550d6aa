import type { Deps } from './ports.js';

/**
 * Whether an act of a person in chat is new. Platforms repeat what was not acknowledged in time, a captured request
 * may be sent again, and several processes may hear one event: the first one obeys.
 */
export async function isFirstSeen(deps: Pick<Deps, 'db'>, key: string): Promise<boolean> {
  const inserted = await deps.db.$executeRaw`
    INSERT INTO seen_request (key) VALUES (${key.slice(0, 500)}) ON CONFLICT DO NOTHING`;
  return inserted > 0;
}
