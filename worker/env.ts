import * as z from 'zod';
import { environment } from '../core/config.js';

/** The worker's variables. */
export const workerEnvironment = {
  ...environment.runtime,
  ...environment.database,
  ...environment.queue,
  ...environment.storage,
  ...environment.marks,
  ...environment.scanner,
  ...environment.limits,
  ...environment.slack,
  ...environment.discord,
  /** Jobs at once; each streams, so this bounds memory. */
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(50).default(4),
};
