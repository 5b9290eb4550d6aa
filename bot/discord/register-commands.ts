import { Routes } from 'discord.js';
import type { Platforms } from '../../core/platforms.js';
import { describeCommands } from './commands.js';
import { createRest } from './create-rest.js';

/**
 * Tells Discord about our commands, everywhere, in place of those that it knew. For a deployment, not for every
 * start. Safe to run again. @throws DiscordAPIError, or a network error
 */
export async function registerCommands(discord: NonNullable<Platforms['discord']>): Promise<void> {
  await createRest(discord).put(Routes.applicationCommands(discord.applicationId), {
    body: describeCommands(),
  });
}
