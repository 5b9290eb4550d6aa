import { describe, expect, test } from 'vitest';
import type { MessageCode } from '../../../core/messages/en.js';
import { catalogues, languageOf, text, type Language } from '../../../core/messages/messages.js';

/** Names and sizes alone: alike in every language, or in its own words in each. */
const ALIKE = ['chat.confirm_file', 'chat.share_title', 'button.set_language'];

const codes = Object.keys(catalogues.en) as MessageCode[];

/** Any parameter of any sentence: a number where it counts, a list, a day, a name. */
const params = new Proxy<Record<string, unknown>>(
  {},
  {
    get: (_, name) => {
      if (['addresses', 'emails', 'waiting', 'domains'].includes(String(name))) return ['ann@x.org'];
      if (['at', 'expiresAt', 'createdAt'].includes(String(name))) return new Date('2026-11-30T12:00:00Z');
      if (
        /bytes|max|min|count|files|people|stored|arrived|others|days|lines|minutes|seconds|download|number|^of$/i.test(
          String(name),
        )
      )
        return 2;
      if (name === 'isOn') return true;
      if (name === 'outcome') return 'BOUNCED';
      return name === 'state' ? 'READY' : 'NAME';
    },
  },
);
const say = (code: MessageCode, language: Language): string => text(code, params as never, language);

describe.each(Object.keys(catalogues).filter((language) => language !== 'en') as Language[])(
  'the catalogue %s',
  (language) => {
    test('has every sentence of the English one, and no other', () => {
      expect(Object.keys(catalogues[language]).sort()).toEqual([...codes].sort());
    });

    test.each(codes.filter((code) => !ALIKE.includes(code)))('%s is translated', (code) => {
      expect(say(code, language)).not.toBe(say(code, 'en'));
    });

    test.each(codes)('%s names what the English sentence names', (code) => {
      const named = (words: string): string[] => ['NAME', 'ann@x.org'].filter((name) => words.includes(name));
      expect(named(say(code, language))).toEqual(named(say(code, 'en')));
      expect(say(code, language)).not.toMatch(/undefined|NaN|\[object/);
    });
  },
);

test('sizes, days and times are written as the language writes them', () => {
  const at = new Date('2026-11-30T12:00:00Z');
  expect(text('share.rate_limited', { max: 20, at }, 'en')).toContain('30 November 2026');
  expect(text('share.rate_limited', { max: 20, at }, 'de')).toContain('30. November 2026');
  expect(text('chat.confirm_file', { name: 'a', sizeBytes: 1536 }, 'en')).toBe('• a (1.5 KB)');
  expect(text('chat.confirm_file', { name: 'a', sizeBytes: 1536 }, 'de')).toBe('• a (1,5 KB)');
});

test.each([
  ['de', 'de'],
  ['de-AT', 'de'],
  ['de_CH.UTF-8', 'de'],
  ['en-US', 'en'],
  ['fr', null],
  ['', null],
  [undefined, null],
  ['constructor', null],
])('the tag %s asks for %s', (tag, language) => {
  expect(languageOf(tag)).toBe(language);
});
