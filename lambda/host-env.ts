import { environment } from '../core/config.js';
import { onReadyEnvironment } from './on-ready/env.js';

/** The variables of the mailer process: those of the function, and the queue that feeds it. */
export const hostEnvironment = {
  ...onReadyEnvironment,
  ...environment.queue,
};
