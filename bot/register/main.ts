import { environment, readEnv } from '../../core/config.js';
import { platformsFrom } from '../../core/platforms.js';
import { registerCommands } from '../discord/register-commands.js';

// `npm run discord:register`: at deploy, not at every start; safe to repeat.
try {
  const shape = { ...environment.runtime, ...environment.slack, ...environment.discord };
  const { discord } = platformsFrom(readEnv(shape, process.env));
  if (!discord) {
    throw new Error('DISCORD_TOKEN and DISCORD_APPLICATION_ID are not set. See docs/discord-setup.md.');
  }
  await registerCommands(discord);
  console.log('Discord knows the commands of this version.');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
