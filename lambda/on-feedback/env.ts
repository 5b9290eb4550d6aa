import { environment } from '../../core/config.js';

/** The variables of the function that reads what became of mails: the database alone. */
export const onFeedbackEnvironment = {
  ...environment.runtime,
  ...environment.database,
};
