const MAX_NAME_BYTES = 255;

// Control characters, line and paragraph separators, bidi and zero-width characters.
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  /[\u0000-\u001F\u007F-\u009F\u061C\u2028\u2029\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g;
const WINDOWS_RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

/**
 * A sender's file name as it may be stored, mailed, shown and put into headers: no control or direction
 * characters, no path, not reserved, 255 bytes at most with its extension kept. Never empty.
 */
export function cleanFileName(name: string): string {
  const cleaned = name
    .toWellFormed()
    .normalize('NFC')
    .replace(UNSAFE, '')
    .replace(/[/\\\u2044\u2215:*?"<>|]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '')
    .replace(WINDOWS_RESERVED, '_$1');
  return shortenKeepingExtension(cleaned).replace(/[.\s]+$/, '') || 'file';
}

function shortenKeepingExtension(name: string): string {
  if (byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? '';
  const characters = [...name.slice(0, name.length - extension.length)];
  while (byteLength(characters.join('') + extension) > MAX_NAME_BYTES) characters.pop();
  return characters.join('').trimEnd() + extension;
}

/** Also in browsers, which have no Buffer. */
function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
