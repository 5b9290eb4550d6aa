import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { decryptToken, encryptToken } from '../../../core/identities/token-cipher.js';

const [first, second] = [randomBytes(32), randomBytes(32)];
const PLACE = 'installation:T1:bot';

test('a token comes back at its place, and shows nothing of itself at rest', () => {
  const sealed = encryptToken([first], PLACE, 'xoxb-secret');
  expect(sealed).not.toContain('xoxb');
  expect(decryptToken([first], PLACE, sealed)).toBe('xoxb-secret');
  expect(encryptToken([first], PLACE, 'xoxb-secret')).not.toBe(sealed);
});

test.each(['installation:T2:bot', 'installation:T1:refresh', ''])(
  'moved to "%s" it cannot be read',
  (place) => {
    const sealed = encryptToken([first], PLACE, 'xoxb-secret');
    expect(() => decryptToken([first], place, sealed)).toThrow();
  },
);

test('changed or cut anywhere it cannot be read', () => {
  const sealed = encryptToken([first], PLACE, 'xoxb-secret');
  const start = sealed.indexOf('.') + 1;
  for (let index = start; index < sealed.length; index += 3) {
    const other = sealed[index] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
    expect(() => decryptToken([first], PLACE, changed)).toThrow();
    expect(() => decryptToken([first], PLACE, sealed.slice(0, index))).toThrow();
  }
});

test('while a key is changed both are read; afterwards the old one is not', () => {
  const old = encryptToken([first], PLACE, 'xoxb-secret');
  expect(decryptToken([second, first], PLACE, old)).toBe('xoxb-secret');
  expect(decryptToken([second], PLACE, encryptToken([second, first], PLACE, 'new'))).toBe('new');
  expect(() => decryptToken([second], PLACE, old)).toThrow('not among the keys');
});
