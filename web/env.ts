import { environment } from '../core/config.js';

/** The portal's variables. */
export const portalEnvironment = {
  ...environment.runtime,
  ...environment.database,
  ...environment.queue,
  ...environment.storage,
  ...environment.cdn,
  ...environment.marks,
  ...environment.links,
  ...environment.portal,
  ...environment.limits,
  ...environment.listening,
};
