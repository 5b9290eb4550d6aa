import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safePath } from '../../web/safe-path.js';
import { anyText, anyUrl } from '../support/any-text.js';

const BASE = 'https://portal.test';

test('whatever is asked for, a browser stays with us', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '//',
    'evil.test',
    '@',
    ':',
    'https:',
    '\t',
    '\n',
    '\r',
    '..',
    '?',
    '#',
    'javascript:',
    '%2f',
    ' ',
    'é',
  );
  const wanted = fc.oneof(
    anyText(),
    anyUrl(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(wanted, (next) => {
      const path = safePath(next);
      expect(new URL(path, BASE).origin).toBe(BASE);
      expect(path).toMatch(/^\/(?![/\\])/);
    }),
    { numRuns: 2_000 },
  );
});

test('a path of ours is kept as it is', () => {
  for (const path of ['/', '/shares?page=2', '/connect/abc.def', '/shares/new#files'])
    expect(safePath(path)).toBe(path);
  for (const other of [undefined, null, ['/a', '/b'], '', 'shares']) expect(safePath(other)).toBe('/');
});
