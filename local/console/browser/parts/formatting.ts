import type { Mark, Piece } from './scene.js';

/** Where a kind of formatting is in a text, and what it becomes. */
interface Rule {
  /** Global, so that it can be asked from a position on and still look behind it. */
  pattern: RegExp;
  make: (groups: string[], inner: (text: string) => Piece[]) => Piece;
}

/** The name behind an id that a text mentions. */
export type NameOf = (id: string) => string;

/** Slack's mrkdwn. @see https://docs.slack.dev/messaging/formatting-message-text */
export function readMrkdwn(text: string, nameOf: NameOf): Piece[] {
  const angle: Rule = {
    pattern: /<([^<>|\n]+)(?:\|([^<>\n]*))?>/g,
    make: ([target = '', label = '']) => {
      const mentioned = /^[@#!](.+)/.exec(target)?.[1];
      if (mentioned === undefined) return link(target, readPlain(label || target));
      const sign = target.startsWith('#') ? '#' : '@';
      return { mark: 'mark', pieces: [sign + (label || nameOf(mentioned))] };
    },
  };
  const verbatim = [code(/```\n?([^]+?)```/g, 'pre'), code(/`([^`\n]+)`/g, 'code')].map(unescaped);
  const marks = [wrapped('*', 'strong'), wrapped('_', 'em'), wrapped('~', 's')];
  return read(text, [...verbatim, angle, ...marks], readPlain);
}

/** Slack's plain text: the three entities are all that is special. */
export function readPlain(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

/** Discord's markdown. @see https://support.discord.com/hc/en-us/articles/210298617 */
export function readMarkdown(text: string, nameOf: NameOf): Piece[] {
  const marked = (pattern: RegExp, mark: Mark): Rule => ({
    pattern,
    make: ([text = ''], inner) => ({ mark, pieces: inner(text) }),
  });
  return read(text, [
    { pattern: /\\([^\w\s])/g, make: ([character = '']) => character },
    code(/```(?:\w+\n|\n)?([^]+?)```/g, 'pre'),
    code(/`([^`\n]+)`/g, 'code'),
    { pattern: /\[([^\]\n]+)\]\((https?:[^\s)]+)\)/g, make: ([label = '', url = '']) => link(url, label) },
    { pattern: /<@!?(\d+)>/g, make: ([id = '']) => ({ mark: 'mark', pieces: [`@${nameOf(id)}`] }) },
    { pattern: /<#(\d+)>/g, make: ([id = '']) => ({ mark: 'mark', pieces: [`#${nameOf(id)}`] }) },
    { pattern: /<t:(\d+)(?::\w)?>/g, make: ([second]) => new Date(Number(second) * 1000).toLocaleString() },
    { pattern: /<(https?:[^\s<>]+)>/g, make: ([url = '']) => link(url, url) },
    { pattern: /(https?:\/\/[^\s<]*[^\s<.,:;"')\]])/g, make: ([url = '']) => link(url, url) },
    marked(/^#{1,3} (.+)$/gm, 'strong'),
    marked(/\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/g, 'strong'),
    marked(/__((?:\\[^]|[^\\])+?)__(?!_)/g, 'u'),
    marked(/~~((?:\\[^]|[^\\])+?)~~/g, 's'),
    marked(/\*((?:\\[^]|[^\\*\s])(?:\\[^]|[^\\*])*?)\*/g, 'em'),
    marked(/(?<!\w)_((?:\\[^]|[^\\_])+?)_(?!\w)/g, 'em'),
  ]);
}

/** Repeatedly the first formatting that begins, and the plain text before it. */
function read(text: string, rules: readonly Rule[], plain = (text: string): string => text): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const found = first(text, at, rules);
    const before = text.slice(at, found?.match.index);
    if (before) pieces.push(plain(before));
    if (!found) break;
    const { match, rule } = found;
    pieces.push(rule.make(match.slice(1), (inner) => read(inner, rules, plain)));
    at = match.index + match[0].length;
  }
  return pieces;
}

function first(
  text: string,
  at: number,
  rules: readonly Rule[],
): { match: RegExpExecArray; rule: Rule } | null {
  let best: { match: RegExpExecArray; rule: Rule } | null = null;
  for (const rule of rules) {
    rule.pattern.lastIndex = at;
    const match = rule.pattern.exec(text);
    if (match && (!best || match.index < best.match.index)) best = { match, rule };
  }
  return best;
}

function code(pattern: RegExp, mark: Mark): Rule {
  return { pattern, make: ([text = '']) => ({ mark, pieces: [text] }) };
}

function unescaped({ pattern, make }: Rule): Rule {
  return { pattern, make: (groups, inner) => make(groups.map(readPlain), inner) };
}

/** Slack marks a word or more only where a sign stands before and behind it, not within a word. */
function wrapped(sign: string, mark: Mark): Rule {
  const s = `\\${sign}`;
  const pattern = new RegExp(`(?<![\\w${s}])${s}(?=\\S)([^${s}\\n]*[^${s}\\s])${s}(?![\\w${s}])`, 'g');
  return { pattern, make: ([text = ''], inner) => ({ mark, pieces: inner(text) }) };
}

/** A link where the address is one that a browser may open from here; else the label alone. */
function link(href: string, label: string): Piece {
  return /^(https?:\/\/|mailto:)/i.test(href) ? { href: readPlain(href), pieces: [label] } : label;
}
