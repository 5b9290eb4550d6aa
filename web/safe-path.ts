/** Where to go after signing in: a path of ours, or else the first page. Never another site. */
export function safePath(wanted: unknown): string {
  // A backslash counts as a slash in URLs, and browsers drop tabs and line ends: both could make `//host`.
  if (typeof wanted !== 'string' || !/^\/(?!\/)[\x21-\x5B\x5D-\x7E]*$/.test(wanted)) return '/';
  const base = 'http://portal.invalid';
  return URL.canParse(wanted, base) && new URL(wanted, base).origin === base ? wanted : '/';
}
