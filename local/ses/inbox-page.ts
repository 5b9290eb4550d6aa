import { escapeMarkup } from './escape-markup.js';
import type { SesMessage } from './journal.js';

/** Only so many are listed; the rest is in /messages.json. */
const maxListed = 200;

/** The inbox as HTML: the newest mails, and the selected one. Works without its script, which only refreshes it. */
export function inboxPage(messages: readonly SesMessage[], selected: SesMessage | undefined): string {
  const listed = messages.slice(-maxListed).reverse();
  const count = messages.length === 1 ? '1 mail' : `${messages.length} mails`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${selected ? `${escapeMarkup(selected.subject)} – ` : ''}Local inbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/inbox.css">
<script src="/inbox.js" defer></script>
</head>
<body${selected ? ' class="reading"' : ''}>
<header>
<h1><a href="/">Inbox</a></h1>
<p>Local inbox: these mails never left this machine.</p>
</header>
<nav id="mails" aria-label="Mails, newest first">
<p id="count" role="status">${count}${messages.length > maxListed ? `, the newest ${maxListed} shown` : ''}</p>
${listed.length > 0 ? `<ol>${listed.map((message) => listItem(message, message === selected)).join('')}</ol>` : '<p>No mail yet. Share a file, and its mail appears here by itself.</p>'}
</nav>
<main>
${selected ? reader(selected) : '<p class="hint">Pick a mail to read it.</p>'}
</main>
</body>
</html>
`;
}

function listItem(message: SesMessage, isSelected: boolean): string {
  return `<li><a href="/?id=${message.id}"${isSelected ? ' aria-current="page"' : ''}>
<strong>${escapeMarkup(message.subject || '(no subject)')}</strong>
<span>to ${escapeMarkup(message.destinations.join(', '))}</span>
${time(message)}</a></li>`;
}

function reader(message: SesMessage): string {
  const { id, html, text, links, tags } = message;
  const envelope = {
    From: message.from,
    'Reply-To': message.replyTo,
    To: message.to,
    'Delivered to': message.destinations.join(', '),
    'Delivery tags': Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(', '),
    'Message id': id,
  };
  return `<p class="back"><a href="/">← All mails</a></p>
<article>
<h2>${escapeMarkup(message.subject || '(no subject)')}</h2>
<p>${time(message)} · <a href="/messages/${id}.eml" download>Download the original</a></p>
${definitions(envelope)}
${html ? `<iframe title="The mail as HTML" src="/messages/${id}.html" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>` : ''}
${section(`Links (${links.length})`, `<ul>${links.map(linkItem).join('')}</ul>`, links.length > 0)}
${section('Text', text ? `<pre>${escapeMarkup(text)}</pre>` : '<p>This mail has no text part.</p>', !html)}
${section('Headers', definitions(message.headers), false)}
</article>`;
}

function section(title: string, content: string, isOpen: boolean): string {
  return `<details${isOpen ? ' open' : ''}><summary>${title}</summary>${content}</details>`;
}

function linkItem(link: string): string {
  const safe = escapeMarkup(link);
  return `<li><a href="${safe}" target="_blank" rel="noreferrer">${safe}</a></li>`;
}

function definitions(values: Record<string, string>): string {
  const rows = Object.entries(values).filter(([, value]) => value !== '');
  return `<dl>${rows.map(([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`).join('')}</dl>`;
}

function time({ at }: SesMessage): string {
  // The Swedish form is the ISO one in local time, and this machine's zone is the reader's.
  return `<time datetime="${at}">${new Date(at).toLocaleString('sv-SE')}</time>`;
}
