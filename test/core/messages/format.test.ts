import { describe, expect, test } from 'vitest';
import { text } from '../../../core/messages/messages.js';
import { formatBytes } from '../../../core/messages/format.js';

const GIB = 1024 ** 3;

describe('a size', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [-1, '−1 byte'],
    [1.3, '1 byte'],
    [2, '2 bytes'],
    [-1023, '−1023 bytes'],
    [1536, '1.5 KB'],
    [5 * GIB, '5 GB'],
  ])('of %d is written %s', (bytes, written) => {
    expect(formatBytes(bytes)).toBe(written);
  });

  test.each([
    [6 * GIB, '6 GB; the limit is 5 GB'],
    [5.01 * GIB, '5.01 GB; the limit is 5 GB'],
    [5 * GIB + 1, '5,368,709,121 bytes; the limit is 5,368,709,120 bytes'],
  ])('of %d never reads as the limit that it is over', (sizeBytes, written) => {
    const words = text('file.too_large', { name: 'x', sizeBytes, limitBytes: 5 * GIB });
    expect(words).toBe(`x is ${written}. Nothing was sent.`);
  });

  test('and its limit are told apart in German too', () => {
    const sizes = { name: 'x', sizeBytes: 5 * GIB + 1, limitBytes: 5 * GIB };
    expect(text('file.too_large', sizes, 'de')).toContain(
      '5.368.709.121 Byte; erlaubt sind 5.368.709.120 Byte',
    );
  });
});
