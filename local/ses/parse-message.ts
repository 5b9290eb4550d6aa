import { simpleParser, type AddressObject, type ParsedMail } from 'mailparser';

/** What a MIME message says, as a reader's mail program would show it; absent parts are empty strings. */
export interface MessageContent {
  from: string;
  replyTo: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** By lower-case name, unfolded and not decoded; repeated headers are joined by a newline. */
  headers: Record<string, string>;
  /** Every http(s) and mailto link of both parts, once each, in the order of the mail. */
  links: string[];
  /** The bare addresses of To, Cc and Bcc. */
  recipients: string[];
}

/** Reads MIME bytes with mailparser. Never derives one body part from the other. */
export async function parseMessage(raw: Buffer): Promise<MessageContent> {
  const mail = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true });
  const html = mail.html || '';
  const text = mail.text ?? '';
  const addressees = [mail.to, mail.cc, mail.bcc].flatMap((field) => field ?? []);
  return {
    from: mail.from?.text ?? '',
    replyTo: mail.replyTo?.text ?? '',
    to: [mail.to ?? []]
      .flat()
      .map((field) => field.text)
      .join(', '),
    subject: mail.subject ?? '',
    text,
    html,
    headers: readHeaders(mail),
    links: findLinks(html, text),
    recipients: addressees.flatMap(readAddresses),
  };
}

function readAddresses(field: AddressObject): string[] {
  return field.value.flatMap((entry) => entry.group ?? entry).map((entry) => entry.address ?? '');
}

function readHeaders(mail: ParsedMail): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { key, line } of mail.headerLines) {
    const value = line
      .slice(line.indexOf(':') + 1)
      .replace(/\r?\n(?=[ \t])/g, '')
      .trim();
    headers[key] = key in headers ? `${headers[key]}\n${value}` : value;
  }
  return headers;
}

function findLinks(html: string, text: string): string[] {
  const inHtml = [...html.matchAll(/<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)].map((match) =>
    decodeAttribute(match[1] ?? match[2] ?? ''),
  );
  const inText = [...text.matchAll(/\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]']/g)].map((match) => match[0]);
  return [...new Set([...inHtml, ...inText])].filter((link) => /^(https?:|mailto:)/i.test(link));
}

function decodeAttribute(value: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return value.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name = '') => {
      if (decimal ?? hex) return String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex ?? '', 16));
      return named[String(name)] ?? whole;
    },
  );
}
