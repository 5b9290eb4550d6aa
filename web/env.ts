import * as z from 'zod';
import { environment } from '../core/config.js';

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
