import { environment, platformsFrom, readEnv } from '../../core/config.js';
import { registerCommands } from '../discord/register-commands.js';

// `npm run discord:register`: at deploy, not at every start; safe to repeat.
const { discord } = platformsFrom(
  readEnv({ ...environment.runtime, ...environment.slack, ...environment.discord }, process.env),
);
if (discord) {
  await registerCommands(discord);
  console.log('Discord knows the commands of this version.');
} else {
  console.error('DISCORD_TOKEN and DISCORD_APPLICATION_ID are not set. See docs/discord-setup.md.');
  process.exitCode = 1;
}
