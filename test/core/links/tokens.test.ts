import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mintToken, readToken, type TokenPurpose } from '../../../core/links/tokens.js';
import { anyText } from '../../support/any-text.js';

const secret = 'a secret of at least thirty-two characters';
const older = 'another secret of thirty-two characters';
const purposes: TokenPurpose[] = ['link', 'confirm-address', 'reset-password', 'connect-chat'];

describe('a token', () => {
  test('gives its id back, and is the same every time', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.constantFrom(...purposes), (id, purpose) => {
        const token = mintToken([secret], purpose, id);
        expect(token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
        expect(mintToken([secret], purpose, id)).toBe(token);
        expect(readToken([secret], purpose, token)).toBe(id);
      }),
    );
  });

  test('opens nothing but what it was minted for', () => {
    const id = randomUUID();
    for (const minted of purposes) {
      for (const read of purposes) {
        expect(readToken([secret], read, mintToken([secret], minted, id))).toBe(minted === read ? id : null);
      }
    }
  });

  test('with one character changed, added or left out is worth nothing', () => {
    const token = mintToken([secret], 'link', randomUUID());
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ é');
    for (let at = 0; at < token.length; at += 1) {
      for (const letter of letters) {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        if (changed !== token) expect(readToken([secret], 'link', changed)).toBeNull();
        expect(readToken([secret], 'link', token.slice(0, at) + letter + token.slice(at))).toBeNull();
      }
      expect(readToken([secret], 'link', token.slice(0, at) + token.slice(at + 1))).toBeNull();
    }
  });

  test('cannot be put together from the parts of two others', () => {
    const [one, other] = [randomUUID(), randomUUID()].map((id) => mintToken([secret], 'link', id).split('.'));
    expect(readToken([secret], 'link', `${one?.[0] ?? ''}.${other?.[1] ?? ''}`)).toBeNull();
  });

  test('of any other text is null, without an error', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(readToken([secret], 'link', text)).toBeNull();
      }),
    );
    expect(readToken([secret], 'link', `${'A'.repeat(22)}.${'A'.repeat(43)}`)).toBeNull();
  });

  test('minted with the older secret works while that is accepted, and no longer', () => {
    const id = randomUUID();
    const token = mintToken([older], 'link', id);
    expect(readToken([secret, older], 'link', token)).toBe(id);
    expect(readToken([secret], 'link', token)).toBeNull();
    expect(mintToken([secret, older], 'link', id)).toBe(mintToken([secret], 'link', id));
  });
});
