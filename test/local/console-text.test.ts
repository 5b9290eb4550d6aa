import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMarkdown, readMrkdwn } from '../../local/console/browser/parts/formatting.js';
import type { Piece } from '../../local/console/browser/parts/scene.js';

const nameOf = (id: string): string => ({ U1: 'Ada', C1: 'general', '7': 'Ada' })[id] ?? id;
const strong = (...pieces: Piece[]): Piece => ({ mark: 'strong', pieces });
const em = (...pieces: Piece[]): Piece => ({ mark: 'em', pieces });
const code = (text: string): Piece => ({ mark: 'code', pieces: [text] });
const link = (href: string, text = href): Piece => ({ href, pieces: [text] });

describe('Slack’s mrkdwn becomes', () => {
  test.each<[string, Piece[]]>([
    ['plain', ['plain']],
    ['*bold* and _it *both*_', [strong('bold'), ' and ', em('it ', strong('both'))]],
    ['~gone~', [{ mark: 's', pieces: ['gone'] }]],
    ['2*3*4 and a_b_c', ['2*3*4 and a_b_c']],
    ['* not bold *', ['* not bold *']],
    ['`*raw* &lt;`', [code('*raw* <')]],
    ['```\nlines\nof it```', [{ mark: 'pre', pieces: ['lines\nof it'] }]],
    ['<https://a.example/?x=1&amp;y=2|here>', [link('https://a.example/?x=1&y=2', 'here')]],
    ['<mailto:a@b.co|a@b.co>', [link('mailto:a@b.co', 'a@b.co')]],
    ['<javascript:alert(1)|click>', ['click']],
    ['<@U1> in <#C1> <!here>', ['@Ada', ' in ', '#general', ' ', '@here'].map(mention)],
    ['&lt;b&gt; &amp;amp;', ['<b> &amp;']],
  ])('%s', (text, pieces) => {
    expect(readMrkdwn(text, nameOf)).toEqual(pieces);
  });
});

describe('Discord’s markdown becomes', () => {
  test.each<[string, Piece[]]>([
    ['**bold** *it* _it_ __under__', [strong('bold'), ' ', em('it'), ' ', em('it'), ' ', under('under')]],
    ['**a\\*\\*b**', [strong('a', '*', '*', 'b')]],
    ['\\*plain\\* a_b_c', ['*', 'plain', '*', ' a_b_c']],
    ['~~gone~~ `**raw**`', [{ mark: 's', pieces: ['gone'] }, ' ', code('**raw**')]],
    ['```js\nlet a;```', [{ mark: 'pre', pieces: ['let a;'] }]],
    ['see https://a.example/x.', ['see ', link('https://a.example/x'), '.']],
    ['<https://a.example>', [link('https://a.example')]],
    ['https\\://a.example', ['https', ':', '//a.example']],
    ['[name](https://a.example)', [link('https://a.example', 'name')]],
    ['[name](javascript:x)', ['[name](javascript:x)']],
    ['<@7> <b>', [mention('@Ada'), ' <b>']],
    ['# Title\ntext', [strong('Title'), '\ntext']],
  ])('%s', (text, pieces) => {
    expect(readMarkdown(text, nameOf)).toEqual(pieces);
  });
});

test.each([
  ['mrkdwn', readMrkdwn],
  ['markdown', readMarkdown],
])('any %s ends in text and links that a browser may open', (_name, read) => {
  const signs = fc.constantFrom(
    '*',
    '_',
    '~',
    '`',
    '<',
    '>',
    '|',
    '\\',
    '[',
    ']',
    '(',
    ')',
    'a',
    ' ',
    '\n',
    'https://',
  );
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 60 }), (parts) => {
      for (const { href } of links(read(parts.join(''), nameOf)))
        expect(href).toMatch(/^(https?:\/\/|mailto:)/);
    }),
  );
});

function mention(text: string): Piece {
  return /^[@#]/.test(text) ? { mark: 'mark', pieces: [text] } : text;
}

function under(text: string): Piece {
  return { mark: 'u', pieces: [text] };
}

function links(pieces: Piece[]): { href: string }[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string') return [];
    return [...('href' in piece ? [piece] : []), ...links(piece.pieces)];
  });
}
