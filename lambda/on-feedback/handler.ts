import pg from 'pg';
import { createLogger } from '../../adapters/logger.js';
import { postgresOptions } from '../../adapters/postgres-options.js';
import { readSesEvent } from '../../adapters/ses-events.js';
import { readEnv } from '../../core/config.js';
import { createClientKeeper } from '../client-keeper.js';
import { onFeedbackEnvironment } from './env.js';
import { createHandler } from './on-feedback.js';

const env = readEnv(onFeedbackEnvironment, process.env);
const database = postgresOptions(env.DATABASE_URL);

/** The entry point that AWS Lambda, or the local runtime, calls. */
export const handler = createHandler({
  withClient: createClientKeeper(() => {
    return new pg.Client({
      ...database,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      query_timeout: 15_000,
      idle_in_transaction_session_timeout: 15_000,
    });
  }),
  readEvent: readSesEvent,
  log: createLogger('on-feedback', env.LOG_LEVEL),
});
