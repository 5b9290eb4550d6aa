import * as z from 'zod';
import { environment, limitsFrom, platformsFrom, readEnv, storageFrom } from '../core/config.js';

/** The worker's environment. @throws Error that names every wrong variable */
export function readWorkerEnv(source: Readonly<Record<string, string | undefined>>) {
  const env = readEnv(
    {
      ...environment.runtime,
      ...environment.database,
      ...environment.queue,
      ...environment.storage,
      ...environment.limits,
      ...environment.slack,
      ...environment.discord,
      WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(50).default(4),
    },
    source,
  );
  return { ...env, storage: storageFrom(env), limits: limitsFrom(env), platforms: platformsFrom(env) };
}
