import * as z from 'zod';
import { environment } from '../../core/config.js';

/** The variables of the function that mails: no storage, no chat, no queue. */
export const onReadyEnvironment = {
  ...environment.runtime,
  ...environment.database,
  ...environment.mail,
  ...environment.links,
  /** Read before the others, which it may bring; see adapters/secrets.ts. */
  SECRET_IDS: z.string().optional(),
};
