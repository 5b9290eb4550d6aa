import * as z from 'zod';

/** The switches a test may turn, in place or through `PUT /_control/faults`; unknown names are refused. */
export const sesFaults = z.strictObject({
  /**
   * What happens to a send: `throttle`, `4xx` and `5xx` refuse it before it is accepted; `accept-then-reset` and
   * `accept-then-hang` keep the mail and never answer.
   */
  mode: z.enum(['ok', 'throttle', '4xx', '5xx', 'accept-then-reset', 'accept-then-hang']),
  /** How many sends the mode lasts for; null until it is changed. */
  count: z.int().positive().nullable(),
  /** True while the account is in the SES sandbox: verified recipients only, 200 a day, 1 a second. */
  sandbox: z.boolean(),
  /** Recipients a second outside the sandbox. */
  maxSendRate: z.number().positive(),
  /** What happens to the events of the mails that are accepted from now on. */
  events: z.enum(['ok', 'late', 'duplicate', 'reorder', 'never']),
  /** How much later late events come. */
  eventDelayMs: z.int().min(0).max(600_000),
});

export type SesFaults = z.infer<typeof sesFaults>;

/** A healthy account out of the sandbox. 14 a second is what SES commonly grants. */
export function noFaults(): SesFaults {
  return { mode: 'ok', count: null, sandbox: false, maxSendRate: 14, events: 'ok', eventDelayMs: 1_000 };
}

/** The mode for one send; counts it, and returns the switch to `ok` after the last. */
export function takeMode(faults: SesFaults): SesFaults['mode'] {
  const { mode } = faults;
  if (faults.count !== null) faults.count -= 1;
  if (faults.count === 0) Object.assign(faults, { mode: 'ok', count: null });
  return mode;
}
