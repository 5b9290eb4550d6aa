let last = 0;

/** A hexadecimal number of fixed width that is greater than every one before, across restarts as well. */
export function nextSequence(): string {
  last = Math.max(last + 1, Date.now() * 1000);
  return last.toString(16).padStart(16, '0');
}
