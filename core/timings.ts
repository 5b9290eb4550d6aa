/** All durations of leases, guards and grace times, so that a fault run can shorten them together. */
export interface Timings {
  readonly leaseMs: number;
  readonly reconcileEveryMs: number;
  /**
   * How long deliveries of a ready share may stay PENDING before the ready mark is written again, and how long an
   * upload may run before storage is asked whether it has joined it.
   */
  readonly remarkAfterMs: number;
  /** How long a RECEIVED share may lie without being taken before it is queued again. */
  readonly requeueAfterMs: number;
  /** How long a mail that may have left waits for its event, and how long sending it again is refused. */
  readonly unconfirmedMs: number;
  /** How long after a mail has left sending it again is refused: a second click mails nobody twice. */
  readonly resendAfterMs: number;
  readonly abandonedUploadMs: number;
  readonly orphanObjectMs: number;
  /** How often every copy of a file is read and compared. */
  readonly scrubEveryMs: number;
}

/** Derives every duration from the lease: 60 s in production, 3 s in fault runs. */
export function timingsFor(leaseSeconds: number, scrubDays = 7): Timings {
  const leaseMs = leaseSeconds * 1000;
  const day = 24 * 60 * 60 * 1000;
  return {
    leaseMs,
    reconcileEveryMs: Math.round(leaseMs / 4),
    remarkAfterMs: leaseMs * 2,
    requeueAfterMs: Math.round(leaseMs / 2),
    unconfirmedMs: leaseMs * 15,
    resendAfterMs: leaseMs,
    abandonedUploadMs: day,
    orphanObjectMs: day,
    scrubEveryMs: scrubDays * day,
  };
}
