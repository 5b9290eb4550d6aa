import { parseReadyKey } from '../../core/storage-keys.js';
import { mailDue, type OnReadyDeps } from './mail-due.js';

/** The parts of an S3 event that we read. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export interface S3Event {
  Records?: { s3?: { object?: { key?: string } } }[];
}

/** The part of a Lambda context that we read. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** Left for the last mail's answer and its COMMIT before the function's own time is over; half of a short one. */
const RESERVE_MS = 15_000;

/**
 * The function that S3 starts for each ready mark: mails what is due behind it. Throws where the database
 * cannot be reached, so that the event is tried again.
 */
export function createHandler(deps: OnReadyDeps): (event: S3Event, context: LambdaContext) => Promise<void> {
  return async (event, context) => {
    const remainingMs = context.getRemainingTimeInMillis();
    const deadlineMs = deps.monotonicMs() + remainingMs - Math.min(RESERVE_MS, remainingMs / 2);
    const targets = (event.Records ?? []).flatMap((record) => {
      const key = decodeURIComponent((record.s3?.object?.key ?? '').replace(/\+/g, ' '));
      return parseReadyKey(key) ?? [];
    });
    if (targets.length > 0) await mailDue(deps, targets, deadlineMs);
  };
}
