import { domainToASCII, domainToUnicode } from 'node:url';
import { AppError } from '../errors.js';

export const MAX_RECIPIENTS = 5;

/** Far more than five addresses with names take; the patterns below would need seconds for a text without end. */
const MAX_TEXT_LENGTH = 5_000;

/** What a text field of addresses holds, each list without repeats and in order. */
export interface ParsedRecipients {
  emails: string[];
  /** Listed more than once; sent once. */
  duplicates: string[];
  malformed: string[];
  /** `@ann` or `<@U1|ann>`: a person whose address we do not know. */
  mentions: string[];
}

// Zero-width and bidi characters and soft hyphens come along with copy and paste.
const INVISIBLE = /[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]/g;
const SLACK_MAILTO = /<mailto:([^|>\s]+)(?:\|[^>]*)?>/gi;
const SLACK_MENTION = /<[@!#][^>]*>/g;
// A name has no @ in it: an address that stands before a named one is an address of its own.
const NAMED_ADDRESS =
  /(?:"[^"]*"\s*|(?<![^\s,;])(?:[^\s,;<>"@]+[ \t]+)*[^\s,;<>"@]*)<\s*([^<>\s]+@[^<>\s]+)\s*>/g;
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{1,63}$/i;

/**
 * Reads addresses as people type and paste them: separated by white space, commas or semicolons, as
 * `Bob Stone <bob@x.org>`, as Slack's `<mailto:a@b|a@b>`, with an internationalised domain. Never throws.
 */
export function parseRecipients(text: string): ParsedRecipients {
  if (text.length > MAX_TEXT_LENGTH) return { emails: [], duplicates: [], malformed: [text], mentions: [] };
  const mentions = [...text.matchAll(SLACK_MENTION)].map(([mention]) => mentionName(mention));
  const plain = text
    .replace(INVISIBLE, '')
    .replace(SLACK_MAILTO, ' $1 ')
    .replace(SLACK_MENTION, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(NAMED_ADDRESS, ' $1 ');
  const result: ParsedRecipients = { emails: [], duplicates: [], malformed: [], mentions };
  for (const word of plain
    .split(/[\s,;，；、]+/)
    .map(trimPunctuation)
    .filter(Boolean)) {
    if (/^@\S+$/.test(word) && !word.includes('@', 1)) addOnce(result.mentions, word);
    else addAddress(result, word);
  }
  return result;
}

/**
 * The addresses of a share, or the one thing to mend about them.
 * @throws AppError invalid as `findRecipientsProblem`
 */
export function requireRecipients(parsed: ParsedRecipients): string[] {
  const problem = findRecipientsProblem(parsed);
  if (problem) throw problem;
  return parsed.emails;
}

/** What has to be mended about the addresses: mentions, malformed ones, none, or more than five. */
export function findRecipientsProblem({ emails, mentions, malformed }: ParsedRecipients): AppError | null {
  const [name] = mentions;
  const addresses = malformed.map(shorten);
  if (name && addresses.length > 0) return new AppError('invalid', 'recipients.mention', { name, addresses });
  if (name) return new AppError('invalid', 'recipients.mention', { name });
  if (addresses.length > 0) return new AppError('invalid', 'recipients.malformed', { addresses });
  if (emails.length === 0) return new AppError('invalid', 'recipients.none', {});
  if (emails.length > MAX_RECIPIENTS) {
    return new AppError('invalid', 'recipients.too_many', { count: emails.length, max: MAX_RECIPIENTS });
  }
  return null;
}

/**
 * One address in the form that we mail to, with an ASCII domain; null where it is malformed.
 * At most 64 and 254 characters (RFC 5321 §4.5.3.1); an ASCII local part, since SES takes no other.
 */
export function normaliseEmail(address: string): string | null {
  const at = address.lastIndexOf('@');
  if (at < 1) return null;
  const local = address.slice(0, at);
  const domain = domainToASCII(address.slice(at + 1).replace(/\.$/, ''));
  const email = `${local}@${domain}`;
  return local.length <= 64 && email.length <= 254 && LOCAL_PART.test(local) && DOMAIN.test(domain)
    ? email
    : null;
}

/** Whether a name in ASCII is a domain that mail can go to. */
export function isDomain(name: string): boolean {
  return DOMAIN.test(name);
}

/** An address as its sender typed it, for pages: `bob@bücher.example`. Mails take the ASCII form. */
export function displayEmail(email: string): string {
  const [, local, domain] = /^(.*@)(.*)$/.exec(email) ?? [];
  const shown = domain && domainToUnicode(domain);
  return local && shown ? local + shown : email;
}

/** What makes two addresses the same one: letters' case does not count. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

function addAddress(result: ParsedRecipients, word: string): void {
  const email = normaliseEmail(word);
  if (!email) addOnce(result.malformed, word);
  else if (result.emails.some((known) => emailKey(known) === emailKey(email)))
    addOnce(result.duplicates, email);
  else result.emails.push(email);
}

function addOnce(list: string[], item: string): void {
  if (!list.includes(item)) list.push(item);
}

function trimPunctuation(word: string): string {
  return word.replace(/^[<("'“‘]+|[>)"'”’.:]+$/g, '');
}

function mentionName(mention: string): string {
  const [, id = '', name] = /^<[@!#]([^|>]*)(?:\|([^>]*))?>$/.exec(mention) ?? [];
  return `@${name ?? id}`;
}

function shorten(word: string): string {
  return word.length > 60 ? `${word.slice(0, 57)}…` : word;
}
