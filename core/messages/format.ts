const UNITS = ['KB', 'MB', 'GB', 'TB'];

/** How sizes, days and times are written in one language: its locale in terms of Intl, and what it calls a byte. */
export function createFormats(
  locale: string,
  byteName: string,
): {
  formatBytes: (bytes: number) => string;
  formatDate: (date: Date, style?: 'day' | 'time') => string;
} {
  return {
    formatBytes(bytes) {
      let value = Math.abs(bytes);
      let unit = 0;
      while (value >= 1024 && unit < UNITS.length) {
        value /= 1024;
        unit += 1;
      }
      const maximumFractionDigits = unit === 0 || value >= 100 ? 0 : 1;
      const number = value.toLocaleString(locale, { maximumFractionDigits, useGrouping: false });
      return `${bytes < 0 ? '−' : ''}${number} ${UNITS[unit - 1] ?? byteName}`;
    },
    formatDate(date, style = 'day') {
      const day: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', year: 'numeric' };
      const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };
      const options = { ...day, ...(style === 'time' ? time : {}), timeZone: 'UTC' };
      return new Intl.DateTimeFormat(locale, options).format(date);
    },
  };
}

/**
 * `formatBytes(1536)` → `1.5 KB` (1 KB is 1024 bytes, as Slack and Discord count). `formatDate` gives a day
 * (`30 November 2026`) or a time with its day, in UTC and said so.
 */
export const { formatBytes, formatDate } = createFormats('en-GB', 'bytes');

/** `1, 'file'` → `1 file`; `3, 'file'` → `3 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
