import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  displayEmail,
  MAX_RECIPIENTS,
  normaliseEmail,
  parseRecipients,
  requireRecipients,
} from '../../../core/shares/recipients.js';
import { catchError } from '../../support/catch-error.js';
import { anyText } from '../../support/any-text.js';

describe('a field of addresses', () => {
  test.each([
    ['one address', 'ann@example.com', ['ann@example.com']],
    ['spaces, commas, semicolons and lines', 'a@x.org, b@x.org;c@x.org\nd@x.org  e@x.org', 5],
    ['an East Asian comma', 'a@x.org，b@x.org、c@x.org', 3],
    ['a name before the address', 'Bob Stone <bob@x.org>', ['bob@x.org']],
    ['an address before a named one', 'bob@x.org Carla Lee <c@x.org>', ['bob@x.org', 'c@x.org']],
    ['a named one without spaces', 'bob@x.org,Carla<c@x.org>', ['bob@x.org', 'c@x.org']],
    ['several names', 'Bob Stone <bob@x.org>, Ann <ann@x.org>', ['bob@x.org', 'ann@x.org']],
    ['a quoted name with a comma', '"Stone, Bob" <bob@x.org>; ann@x.org', ['bob@x.org', 'ann@x.org']],
    ['angle brackets alone', '<bob@x.org>', ['bob@x.org']],
    ["Slack's mailto", '<mailto:bob@x.org|bob@x.org> <mailto:ann@x.org>', ['bob@x.org', 'ann@x.org']],
    ["Slack's escapes", 'Bob &lt;bob@x.org&gt;', ['bob@x.org']],
    ['punctuation around it', '(bob@x.org), "ann@x.org".', ['bob@x.org', 'ann@x.org']],
    ['zero-width characters in it', 'bob\u200B@x\u2060.org\uFEFF', ['bob@x.org']],
    ['a soft hyphen in it', 'bob@ex\u00ADample.org', ['bob@example.org']],
    ['an internationalised domain', 'bob@bücher.example', ['bob@xn--bcher-kva.example']],
    ['a tag and dots', 'bob.stone+files@mail.x.co.uk', ['bob.stone+files@mail.x.co.uk']],
    ['a dot at the end of the sentence', 'send it to.. bob@x.org.', 1],
    ['nothing', ' \n ', []],
  ])('with %s is understood', (_, text, expected) => {
    const { emails } = parseRecipients(text);
    if (typeof expected === 'number') expect(emails).toHaveLength(expected);
    else expect(emails).toEqual(expected);
  });

  test('keeps the letters of a name part and merges what differs in case alone', () => {
    const parsed = parseRecipients('Bob@X.org bob@x.ORG BOB@x.org ann@x.org');
    expect(parsed.emails).toEqual(['Bob@x.org', 'ann@x.org']);
    expect(parsed.duplicates).toEqual(['bob@x.org', 'BOB@x.org']);
  });

  test.each([
    'ann',
    'ann@',
    '@@x.org',
    'ann@x',
    'ann@@x.org',
    '.ann@x.org',
    'a..b@x.org',
    'ann@-x.org',
    'ann@x.123',
    'ann@127.0.0.1',
    'ann@[127.0.0.1]',
    'jürgen@x.org',
    'ann@exa_mple.org',
    `${'a'.repeat(65)}@x.org`,
    `a@${'b'.repeat(64)}.org`,
    `a@${'b.'.repeat(130)}org`,
    `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.org`,
  ])('names %s as malformed', (word) => {
    expect(parseRecipients(word)).toMatchObject({ emails: [], malformed: [expect.anything() as unknown] });
    expect(normaliseEmail(word)).toBeNull();
  });

  test('takes an address of 254 characters and no longer one', () => {
    const domain = `${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}`;
    const longest = `${'a'.repeat(64)}@${domain}.${'e'.repeat(254 - 64 - 1 - domain.length - 1)}`;
    expect(longest).toHaveLength(254);
    expect(normaliseEmail(longest)).toBe(longest);
    expect(normaliseEmail(`${longest}e`)).toBeNull();
    expect(normaliseEmail(`${'a'.repeat(313)}@x.orgs`)).toBeNull();
  });

  test('cannot carry a header or a second address in one word', () => {
    for (const text of ['ann@x.org\r\nBcc: eve@x.org', 'ann@x.org%0ABcc:eve@x.org', 'ann@x.org\0']) {
      for (const email of parseRecipients(text).emails) expect(email).toMatch(/^[\x21-\x7e]+$/);
    }
  });

  test.each([
    ['<@U123|ann> bob@x.org', '@ann'],
    ['<@U123>', '@U123'],
    ['@ann bob@x.org', '@ann'],
  ])('asks for the address of the mentioned person in %s', (text, name) => {
    const parsed = parseRecipients(text);
    expect(parsed.mentions).toEqual([name]);
    expect(() => requireRecipients(parsed)).toThrow(`I can't look up ${name}'s email.`);
  });

  test('says how many addresses are too many', () => {
    const six = parseRecipients('a@x.org b@x.org c@x.org d@x.org e@x.org f@x.org');
    expect(() => requireRecipients(six)).toThrow('You added 6 addresses; one share can go to 5.');
    const withDuplicate = parseRecipients('a@x.org b@x.org c@x.org d@x.org e@x.org A@x.org');
    expect(requireRecipients(withDuplicate)).toHaveLength(5);
  });

  test('says that there is none, and which are malformed, shortened', () => {
    expect(() => requireRecipients(parseRecipients(''))).toThrow('Add 1 to 5 email addresses');
    const error = catchError(() => requireRecipients(parseRecipients(`bob ${'x'.repeat(500)}`)));
    expect(error.message).toContain('bob');
    expect(error.message.length).toBeLessThan(200);
  });

  test('of any text never throws, and gives clean addresses that read back as themselves', () => {
    const piece = fc.oneof(
      anyText(),
      fc.emailAddress(),
      fc.constantFrom(
        '<',
        '>',
        '"',
        '@',
        ',',
        '|',
        '<mailto:',
        '<@U1|',
        '&lt;',
        '\u200B',
        'bücher.example',
        '\0',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const parsed = parseRecipients(pieces.join(''));
        for (const email of parsed.emails) {
          expect(email.length).toBeLessThanOrEqual(254);
          expect(email).toMatch(/^[\x21-\x7e]+@[a-z0-9.-]+$/);
          expect(parseRecipients(email).emails).toEqual([email]);
        }
        const keys = parsed.emails.map((email) => email.toLowerCase());
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  test('of any length lets at most five addresses through', () => {
    fc.assert(
      fc.property(fc.array(fc.emailAddress(), { maxLength: 12 }), (addresses) => {
        const parsed = parseRecipients(addresses.join(' '));
        // `'@a.example` is an address, and reads as a mention after a quotation mark.
        const isClear = parsed.malformed.length === 0 && parsed.mentions.length === 0;
        const isPassed = isClear && parsed.emails.length <= MAX_RECIPIENTS;
        if (isPassed && parsed.emails.length > 0) expect(requireRecipients(parsed)).toEqual(parsed.emails);
        else expect(() => requireRecipients(parsed)).toThrow();
      }),
    );
  });

  test.each([
    ['letters', 'a'.repeat(32_000)],
    ['letters before a bracket', `${'a'.repeat(32_000)}<`],
    ['opening brackets', '<'.repeat(32_000)],
    ['at signs in brackets', `<${'@'.repeat(32_000)}`],
    ['quotation marks', '"'.repeat(32_000)],
    ['quoted letters', '"a'.repeat(16_000)],
    ['mailto', '<mailto:'.repeat(4_000)],
    ['mentions', '<@'.repeat(16_000)],
    ['points', 'a.'.repeat(16_000)],
    ['closing brackets', `a${'>'.repeat(32_000)}a`],
  ])('of 32,000 characters of %s is read at once', (_, text) => {
    // Work, not time, which on a busy machine goes by with others'.
    const before = process.cpuUsage();
    parseRecipients(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(300);
  });
});

test.each([
  ['bob@xn--bcher-kva.example', 'bob@bücher.example'],
  ['Bob@example.com', 'Bob@example.com'],
  ['no address', 'no address'],
])('%s is shown as %s', (email, shown) => {
  expect(displayEmail(email)).toBe(shown);
});
