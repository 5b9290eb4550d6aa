import pg from 'pg';
import { createLogger } from '../../adapters/logger.js';
import { postgresOptions } from '../../adapters/postgres-options.js';
import { withSecrets } from '../../adapters/secrets.js';
import { createSesMailer } from '../../adapters/ses-mailer.js';
import { linkSecretsFrom, readEnv } from '../../core/config.js';
import { timingsFor } from '../../core/timings.js';
import { createHandler } from './on-ready.js';
import { createClientKeeper } from '../client-keeper.js';
import { onReadyEnvironment } from './env.js';

const env = readEnv(onReadyEnvironment, await withSecrets(process.env));
const database = postgresOptions(env.DATABASE_URL);
const { leaseMs } = timingsFor(env.LEASE_SECONDS);
const log = createLogger('on-ready', env.LOG_LEVEL);

/** The entry point that AWS Lambda, or the local runtime, calls. */
export const handler = createHandler({
  withClient: createClientKeeper(() => {
    return new pg.Client({
      ...database,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      // Where the line is dead nobody answers, not even that a statement took too long.
      query_timeout: 15_000,
      // A frozen process must not hold a share's row for longer than its lease.
      idle_in_transaction_session_timeout: leaseMs,
    });
  }),
  mailer: createSesMailer({
    region: env.AWS_REGION,
    endpoint: env.SES_ENDPOINT,
    from: env.SES_FROM,
    configurationSet: env.SES_CONFIGURATION_SET,
  }),
  portalUrl: env.PORTAL_URL,
  linkSecrets: linkSecretsFrom(env),
  leaseMs,
  sendRate: env.SES_MAX_SEND_RATE * 0.8,
  log,
  monotonicMs: () => performance.now(),
});
