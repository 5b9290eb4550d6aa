import * as z from 'zod';
import { environment } from '../core/config.js';
import type { Limits, LinkSecrets } from '../core/ports.js';

/** The portal's variables. */
export const portalEnvironment = {
  ...environment.runtime,
  ...environment.database,
  ...environment.queue,
  ...environment.storage,
  ...environment.links,
  ...environment.portal,
  ...environment.limits,
  HOST: z.string().min(1).default('127.0.0.1'),
  /** How long `/readyz` says 503 before the portal stops taking connections. */
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(25).default(0),
};

export type PortalEnvironment = z.output<z.ZodObject<typeof portalEnvironment>>;

/** What one account may do, in the product's words. */
export function limitsFrom(env: PortalEnvironment): Limits {
  return {
    maxFileBytes: env.MAX_FILE_BYTES,
    maxLiveBytes: env.MAX_LIVE_BYTES_PER_ACCOUNT,
    maxSharesPerHour: env.MAX_SHARES_PER_HOUR,
    maxRecipientsPerDay: env.MAX_RECIPIENTS_PER_DAY,
    maxRecipientsPerDayWhenNew: env.MAX_RECIPIENTS_PER_DAY_WHEN_NEW,
    undoSeconds: env.UNDO_SECONDS,
  };
}

/** The secret that signs links, and the one before it while it is rotated. */
export function linkSecretsFrom(env: PortalEnvironment): LinkSecrets {
  return env.LINK_SECRET_PREVIOUS ? [env.LINK_SECRET, env.LINK_SECRET_PREVIOUS] : [env.LINK_SECRET];
}
