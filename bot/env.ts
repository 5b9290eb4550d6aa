import { environment } from '../core/config.js';

/** The bot's variables. */
export const botEnvironment = {
  ...environment.runtime,
  ...environment.database,
  ...environment.queue,
  ...environment.links,
  ...environment.limits,
  ...environment.listening,
  ...environment.bot,
  ...environment.slack,
  ...environment.discord,
};
