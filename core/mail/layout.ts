import { html, type Html } from '../html.js';

/** One mail, ready for any mailer. */
export interface MailContent {
  subject: string;
  text: string;
  html: string;
}

const MAX_SUBJECT_LENGTH = 120;

/** Wraps a mail's parts in the one look that all of them share; the same words in HTML and in text. */
export function layoutMail(mail: {
  subject: string;
  preview: string;
  body: Html;
  text: string;
  /** What stands below both parts; as HTML too, where it holds a link. */
  footer: string | { html: Html; text: string };
}): MailContent {
  const footer = typeof mail.footer === 'string' ? { html: mail.footer, text: mail.footer } : mail.footer;
  const markup = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>${mail.subject}</title>
      </head>
      <body
        style="margin:0;padding:24px 12px;background:#f4f5f7;color:#1c2430;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere"
      >
        <div style="display:none;max-height:0;overflow:hidden">${mail.preview}</div>
        <div style="max-width:560px;margin:0 auto;padding:28px;background:#ffffff;border-radius:12px">
          <p style="margin:0 0 20px;font-weight:700;color:#3552c8">Passalong</p>
          ${mail.body}
        </div>
        <p style="max-width:560px;margin:16px auto 0;padding:0 28px;color:#5b6573;font-size:13px">
          ${footer.html}
        </p>
      </body>
    </html>`;
  return {
    subject: shortenSubject(mail.subject),
    text: `${mail.text.trim()}\n\n--\n${footer.text}\n`,
    html: markup.markup,
  };
}

/** The one button of a mail. */
export function mailButton(url: string, label: string): Html {
  return html`<p style="margin:24px 0">
    <a
      href="${url}"
      style="display:inline-block;padding:12px 22px;border-radius:8px;background:#3552c8;color:#ffffff;font-weight:600;text-decoration:none"
      >${label}</a
    >
  </p>`;
}

/**
 * A person's own words so that no mail program makes a link of them: an invisible joiner before each dot,
 * `://` and `@`. After them it would not help: `http://` and `www.` alone begin a link, and browsers skip it in a host.
 */
export function withoutLinks(text: string): string {
  return text.replace(/(\.|:\/\/|@)(?=\S)/g, '\u2060$1');
}

function shortenSubject(subject: string): string {
  const line = subject.replace(/[\r\n\u2028\u2029\u0085]+/g, ' ');
  // Cut between characters, never within one.
  return line.length > MAX_SUBJECT_LENGTH
    ? `${line.slice(0, MAX_SUBJECT_LENGTH - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
    : line;
}
