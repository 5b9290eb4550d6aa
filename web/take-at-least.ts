import { setTimeout as wait } from 'node:timers/promises';

const LEAST_MS = 300;

/** The work's result, not before a time that hides what there was to do: an answer's speed is an answer too. */
export async function takeAtLeast<T>(work: Promise<T>): Promise<T> {
  const [result] = await Promise.allSettled([work, wait(LEAST_MS)]);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
