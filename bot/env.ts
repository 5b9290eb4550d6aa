import { environment, limitsFrom, linkSecretsFrom, platformsFrom, readEnv } from '../core/config.js';

/** The bot's environment. @throws Error that names every wrong variable */
export function readBotEnv(source: Readonly<Record<string, string | undefined>>) {
  const env = readEnv(
    {
      ...environment.runtime,
      ...environment.database,
      ...environment.queue,
      ...environment.links,
      ...environment.limits,
      ...environment.slack,
      ...environment.discord,
    },
    source,
  );
  return { ...env, limits: limitsFrom(env), linkSecrets: linkSecretsFrom(env), platforms: platformsFrom(env) };
}
