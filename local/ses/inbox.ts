import type { IncomingMessage, ServerResponse } from 'node:http';
import { inboxPage } from './inbox-page.js';
import { inboxScript, inboxStyle } from './inbox-assets.js';
import type { Journal } from './journal.js';

const pageHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** The mail's own frame: no scripts, no forms, nothing loaded from elsewhere; its links may open new tabs. */
const mailHeaders = {
  ...pageHeaders,
  'content-security-policy':
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; " +
    "style-src 'unsafe-inline'; frame-ancestors 'self'",
};

/**
 * Answers the GET routes: `/` (`?id=` picks a mail), `/messages.json` (oldest first), `/messages/<id>.eml`,
 * and `/messages/<id>.html`, which the page frames.
 */
export async function answerInbox(
  request: IncomingMessage,
  response: ServerResponse,
  journal: Journal,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const send = (type: string, body: string | Buffer, headers: Record<string, string> = pageHeaders): void => {
    response.writeHead(200, { ...headers, 'content-type': type }).end(body);
  };

  switch (pathname) {
    case '/':
      send(
        'text/html; charset=utf-8',
        inboxPage(journal.messages, journal.find(searchParams.get('id') ?? '')),
      );
      return;
    case '/inbox.js':
      send('text/javascript', inboxScript);
      return;
    case '/inbox.css':
      send('text/css', inboxStyle);
      return;
    case '/messages.json':
      send('application/json', JSON.stringify(journal.messages));
      return;
  }

  const [, id = '', form] = /^\/messages\/([^/]+)\.(eml|html)$/.exec(pathname) ?? [];
  const message = journal.find(id);
  if (!message)
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such mail or page.');
  else if (form === 'eml') send('message/rfc822', await journal.readRaw(message));
  else send('text/html; charset=utf-8', openLinksInNewTab(message.html), mailHeaders);
}

/** Without this a click would load the linked page inside the sandboxed frame, where its scripts cannot run. */
function openLinksInNewTab(html: string): string {
  const base = '<base target="_blank">';
  return /<head\b[^>]*>/i.test(html) ? html.replace(/<head\b[^>]*>/i, (head) => head + base) : base + html;
}
