export interface ListOptions {
  prefix: string;
  /** '' for a flat list. */
  delimiter: string;
  /** Only keys after this one. */
  after: string;
  maxKeys: number;
}

export interface KeyPage {
  keys: string[];
  commonPrefixes: string[];
  /** Given when there are more: the key after which the next page begins. */
  nextAfter?: string;
}

/** One page of sorted keys, where keys that share the text up to a delimiter count once, as a common prefix. */
export function listKeys(sortedKeys: string[], { prefix, delimiter, after, maxKeys }: ListOptions): KeyPage {
  const page: KeyPage = { keys: [], commonPrefixes: [] };
  if (maxKeys === 0) return page;
  const afterBytes = utf8Order(after);
  let last = after;
  for (const key of sortedKeys) {
    if (!key.startsWith(prefix) || utf8Order(key) <= afterBytes) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    const isCounted = commonPrefix === undefined || commonPrefix !== page.commonPrefixes.at(-1);
    if (isCounted && page.keys.length + page.commonPrefixes.length === maxKeys)
      return { ...page, nextAfter: last };
    if (commonPrefix === undefined) page.keys.push(key);
    else if (isCounted) page.commonPrefixes.push(commonPrefix);
    last = key;
  }
  return page;
}

/** Keys as S3 sorts them: by their UTF-8 bytes, which JavaScript's order of UTF-16 units is not. */
export function sortKeys(keys: Iterable<string>): string[] {
  return [...keys]
    .map((key) => ({ key, order: utf8Order(key) }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ key }) => key);
}

function utf8Order(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
