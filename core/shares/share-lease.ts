import type { Prisma } from '../../prisma/generated/client.js';
import type { Deps } from '../ports.js';

/** How many earlier tries were given up, by the reason that they had. */
export interface Failures {
  /** A source could not be reached. */
  fetchFailures: number;
  /** An error that nobody expected. */
  unexpectedErrors: number;
}

/** A share in STORING that this process owns until its lease ends on the database clock. */
export interface ShareLease {
  readonly shareId: string;
  /** Raised by every owner: an update with an older one matches no row. */
  readonly fence: number;
  readonly failures: Readonly<Failures>;
  /** Aborted once the lease is known to be lost. */
  readonly signal: AbortSignal;
  /** @throws where the lease is lost, inside the transaction that wants to write */
  require(tx: Prisma.TransactionClient): Promise<void>;
  /** Gives the share back for another try, and counts this one under its reason. */
  release(failure: keyof Failures | null): Promise<void>;
  /** Ends the renewal; every owner calls it. */
  stop(): void;
}

type LeaseDeps = Pick<Deps, 'db' | 'log' | 'timings'>;

/** Takes a RECEIVED share, or a STORING one whose owner is gone; null where there is nothing to take. */
export async function claimShare(deps: LeaseDeps, shareId: string): Promise<ShareLease | null> {
  const { db, timings } = deps;
  const rows = await db.$queryRaw<({ fence: number } & Failures)[]>`
    UPDATE share SET state = 'STORING', fence = fence + 1, lease_until = now() + ${timings.leaseMs} * interval '1 ms'
    WHERE id = ${shareId}::uuid AND (state = 'RECEIVED' OR (state = 'STORING' AND lease_until < now()))
    RETURNING fence, fetch_failures AS "fetchFailures", unexpected_errors AS "unexpectedErrors"`;
  if (!rows[0]) return null;
  const { fence, ...failures } = rows[0];
  const lost = new AbortController();
  const renewal = setInterval(() => {
    renew(deps, shareId, fence).then(
      (held) => {
        if (!held) lost.abort(new Error('the lease on this share is lost'));
      },
      (error: unknown) => {
        deps.log.warn({ shareId, err: error }, 'lease not renewed');
      },
    );
  }, timings.leaseMs / 3);
  return {
    shareId,
    fence,
    failures,
    signal: lost.signal,
    async require(tx) {
      const held = await tx.$queryRaw<unknown[]>`
        SELECT 1 FROM share WHERE id = ${shareId}::uuid AND state = 'STORING' AND fence = ${fence} FOR UPDATE`;
      if (held.length > 0) return;
      lost.abort(new Error('the lease on this share is lost'));
      lost.signal.throwIfAborted();
    },
    async release(failure) {
      await db.share.updateMany({
        where: { id: shareId, state: 'STORING', fence },
        data: {
          state: 'RECEIVED',
          leaseUntil: null,
          ...(failure ? { [failure]: { increment: 1 } } : {}),
        },
      });
    },
    stop() {
      clearInterval(renewal);
    },
  };
}

async function renew({ db, timings }: LeaseDeps, shareId: string, fence: number): Promise<boolean> {
  const renewed = await db.$executeRaw`
    UPDATE share SET lease_until = now() + ${timings.leaseMs} * interval '1 ms'
    WHERE id = ${shareId}::uuid AND state = 'STORING' AND fence = ${fence}`;
  return renewed > 0;
}
