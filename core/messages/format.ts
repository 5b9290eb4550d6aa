const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `1536` → `1.5 KB` (1 KB is 1024 bytes, as Slack and Discord count). */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${bytes < 0 ? '−' : ''}${value.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit] ?? ''}`;
}

/** A day (`30 November 2026`) or a time with its day, in UTC and said so. */
export function formatDate(date: Date, style: 'day' | 'time' = 'day'): string {
  const options: Intl.DateTimeFormatOptions = {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  };
  if (style === 'time') Object.assign(options, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  return new Intl.DateTimeFormat('en-GB', options).format(date);
}

/** `1, 'file'` → `1 file`; `3, 'file'` → `3 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
