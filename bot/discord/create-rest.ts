import { REST } from 'discord.js';
import type { Platforms } from '../../core/platforms.js';

/** Calls as our bot. One call ends well before a notice's lease of 30 s does. */
export function createRest({ token, apiUrl }: NonNullable<Platforms['discord']>): REST {
  return new REST({ ...restOptions(apiUrl), retries: 1 }).setToken(token);
}

/** `apiUrl` is without a version: `http://127.0.0.1:4000/api`. */
export function restOptions(apiUrl: string | undefined): { timeout: number; api?: string } {
  return { timeout: 5_000, ...(apiUrl ? { api: apiUrl } : {}) };
}
