import type { ClientConfig } from 'pg';
import type * as z from 'zod';
import { createMailer } from '../../adapters/mailer.js';
import { postgresOptions } from '../../adapters/postgres-options.js';
import { linkSecretsFrom } from '../../core/config.js';
import { mailServiceFrom } from '../../core/mail-service.js';
import type { Logger } from '../../core/ports.js';
import { timingsFor } from '../../core/timings.js';
import type { onReadyEnvironment } from './env.js';
import type { OnReadyDeps } from './mail-due.js';

type OnReadyEnv = z.output<z.ZodObject<typeof onReadyEnvironment>>;

/** Of the rate that the mail service grants, what we use: it counts in windows of its own. */
const RATE_SHARE = 0.8;

/** What both hosts of this function work with, Lambda and the mailer process; connections are their own matter. */
export function wireOnReady(env: OnReadyEnv, log: Logger): Omit<OnReadyDeps, 'withClient'> {
  const service = mailServiceFrom(env);
  return {
    mailer: createMailer(service),
    portalUrl: env.PORTAL_URL,
    linkSecrets: linkSecretsFrom(env),
    leaseMs: timingsFor(env.LEASE_SECONDS).leaseMs,
    sendRate: service.maxSendRate * RATE_SHARE,
    log,
    monotonicMs: () => performance.now(),
  };
}

/** How a connection behaves that mails are sent over. */
export function describeConnection(env: OnReadyEnv): ClientConfig {
  return {
    ...postgresOptions(env.DATABASE_URL),
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    // Where the line is dead nobody answers, not even that a statement took too long.
    query_timeout: 15_000,
    // A frozen process must not hold a share's row for longer than its lease.
    idle_in_transaction_session_timeout: timingsFor(env.LEASE_SECONDS).leaseMs,
  };
}
