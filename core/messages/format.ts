const UNITS = ['KB', 'MB', 'GB', 'TB'];

/** How sizes, days and times are written in one language: its locale in terms of Intl, and what it calls one byte and several. */
export function createFormats(
  locale: string,
  [byte, bytes]: readonly [string, string],
): {
  formatBytes: (bytes: number) => string;
  formatSizes: (sizes: readonly [number, number]) => [string, string];
  formatDate: (date: Date, style?: 'day' | 'time', timeZone?: string) => string;
} {
  const write = (size: number, decimals?: number): string => {
    let value = Math.abs(size);
    let unit = 0;
    while (value >= 1024 && unit < UNITS.length) {
      value /= 1024;
      unit += 1;
    }
    const maximumFractionDigits = unit === 0 ? 0 : (decimals ?? (value >= 100 ? 0 : 1));
    const number = value.toLocaleString(locale, { maximumFractionDigits, useGrouping: false });
    return `${size < 0 ? '−' : ''}${number} ${UNITS[unit - 1] ?? (number === '1' ? byte : bytes)}`;
  };
  return {
    formatBytes: (size) => write(size),
    formatSizes([one, other]) {
      for (const decimals of [undefined, 2]) {
        const written: [string, string] = [write(one, decimals), write(other, decimals)];
        if (written[0] !== written[1]) return written;
      }
      return [`${one.toLocaleString(locale)} ${bytes}`, `${other.toLocaleString(locale)} ${bytes}`];
    },
    formatDate(date, style = 'day', timeZone = 'UTC') {
      const day: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', year: 'numeric' };
      const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };
      const options = { ...day, ...(style === 'time' ? time : {}), timeZone };
      return new Intl.DateTimeFormat(locale, options).format(date);
    },
  };
}

/**
 * `formatBytes(1536)` → `1.5 KB` (1 KB is 1024 bytes, as Slack and Discord count). `formatDate` gives a day
 * (`30 November 2026`) or a time with its day, in UTC unless told, and said so. `formatSizes` writes two different sizes so that
 * they read as different.
 */
export const { formatBytes, formatSizes, formatDate } = createFormats('en-GB', ['byte', 'bytes']);

/** `1, 'file'` → `1 file`; `3, 'file'` → `3 files`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
