import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../core/errors.js';
import type { RateLimiter, RateRule } from '../core/ports.js';

/** Tries within so many seconds; more than that wait until the time is over. */
const RULES: Readonly<Record<RateRule, { points: number; duration: number }>> = {
  'sign-in-account-here': { points: 10, duration: 15 * 60 },
  'sign-in-account': { points: 100, duration: 60 * 60 },
  'sign-in-address': { points: 60, duration: 15 * 60 },
  'account-mail': { points: 10, duration: 60 * 60 },
  'mail-to-address': { points: 5, duration: 60 * 60 },
  'password-again': { points: 10, duration: 15 * 60 },
  link: { points: 300, duration: 5 * 60 },
};

/** Counts in Postgres, shared by all instances. Fails closed: where it cannot count, nobody gets in. */
export function createRateLimiter(pool: Pool): RateLimiter {
  const limiters = Object.fromEntries(
    Object.entries(RULES).map(([rule, { points, duration }]) => [
      rule,
      new RateLimiterPostgres({
        storeClient: pool,
        storeType: 'pool',
        tableName: 'rate_limit',
        tableCreated: true,
        keyPrefix: rule,
        points,
        duration,
      }),
    ]),
  ) as Record<RateRule, RateLimiterPostgres>;
  return {
    async consume(rule, key) {
      try {
        await limiters[rule].consume(digest(key));
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) {
          throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
        }
        const seconds = Math.ceil(error.msBeforeNext / 1000);
        throw new AppError('limit', 'account.too_many_tries', { seconds }, { retryAfterSeconds: seconds });
      }
    },
    async reset(rule, key) {
      await limiters[rule].delete(digest(key));
    },
  };
}

/** Keys are addresses, of people and of machines: the table holds none, and one of any length fits. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
