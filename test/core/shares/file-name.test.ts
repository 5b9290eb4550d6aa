import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanFileName } from '../../../core/shares/file-name.js';
import { anyText } from '../../support/any-text.js';

describe('a file name', () => {
  test.each([
    ['stays as it is', 'Plan (final) v2.pdf', 'Plan (final) v2.pdf'],
    ['keeps letters of any script and emoji', 'Übersicht 計画 👩‍👩‍👧.pdf', 'Übersicht 計画 👩‍👩‍👧.pdf'],
    ['is composed as a keyboard would', 'u\u0308ber.txt', 'über.txt'],
    ['loses line breaks', 'a.pdf\r\nBcc: eve@x.org', 'a.pdfBcc_ eve@x.org'],
    ['loses other line separators', 'a\u2028b\u2029c\u0085d', 'abcd'],
    ['loses a right-to-left override', 'invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['loses every mark of direction', '\u061Ca\u200Eb\u200Fc\u2066d\u2069', 'abcd'],
    ['loses its way up', '../../etc/passwd', '_.._etc_passwd'],
    ['loses a path of Windows', 'C:\\temp\\a.txt', 'C__temp_a.txt'],
    ['loses slashes that only look so', 'a\u2044b\u2215c', 'a_b_c'],
    ['is not hidden', '.htaccess', 'htaccess'],
    ['does not end in points or spaces', 'a.pdf. . ', 'a.pdf'],
    ['is not a device of Windows', 'con.txt', '_con.txt'],
    ['is not a device of Windows in capitals', 'LPT1', '_LPT1'],
    ['may begin like one', 'console.txt', 'console.txt'],
    ['is never empty', '', 'file'],
    ['is never points alone', '..', 'file'],
    ['is never invisible', '\u200B\u202E', 'file'],
    ['survives half a character', 'a\uD800b', 'a\uFFFDb'],
    ['carries no zero byte', 'a\0b.pdf', 'ab.pdf'],
  ])('%s', (_, name, expected) => {
    expect(cleanFileName(name)).toBe(expected);
  });

  test('of more than 255 bytes is shortened, with its extension kept', () => {
    expect(cleanFileName(`${'a'.repeat(300)}.pdf`)).toBe(`${'a'.repeat(251)}.pdf`);
    const emoji = cleanFileName(`${'👩'.repeat(100)}.pdf`);
    expect(emoji).toMatch(/^(👩)+\.pdf$/u);
    expect(Buffer.byteLength(emoji)).toBeLessThanOrEqual(255);
    expect(cleanFileName(`${'a'.repeat(254)}.${'b'.repeat(300)}`)).toBe('a'.repeat(254));
  });

  test('of any text is safe in a path, a header and a page, and does not change again', () => {
    const piece = fc.oneof(
      anyText(),
      fc.constantFrom(
        '../',
        '.',
        ' ',
        '\r\n',
        '\u202E',
        '\u061C',
        '\0',
        'con',
        '.pdf',
        'é',
        '👩‍👧',
        'x'.repeat(120),
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const name = cleanFileName(pieces.join(''));
        expect(name).not.toBe('');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(
          /[/\\:*?"<>|\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/u,
        );
        expect(name).not.toMatch(/^[.\s]|[.\s]$/);
        expect(name.isWellFormed()).toBe(true);
        expect(cleanFileName(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});
