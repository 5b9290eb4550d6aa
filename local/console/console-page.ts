import { escapeMarkup } from '../ses/escape-markup.js';

export interface PageOptions {
  /** The doubled platforms, by the name of their path. */
  platforms: string[];
  portalUrl?: string | undefined;
  /** The page that shows the mails, where they stay here. */
  inboxUrl?: string | undefined;
  /** What is real and not on this machine, in a sentence. */
  note?: string | undefined;
}

const NAMES: Readonly<Record<string, string>> = { slack: 'Slack', discord: 'Discord' };

/** The frame of the console; its script fills it. The banner is part of it, so that nothing can hide it. */
export function consolePage({ platforms, portalUrl, inboxUrl, note }: PageOptions): string {
  const names = platforms.map((platform) => NAMES[platform] ?? platform).join(' and ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat console</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console.css">
<script type="module" src="/console.js"></script>
</head>
<body data-platforms="${platforms.join(' ')}">
<header id="banner">
<p><strong>Simulation:</strong> a local stand-in for ${names}. ${escapeMarkup(note ?? 'Nothing here leaves this machine.')}</p>
<nav aria-label="Elsewhere">${link(inboxUrl, 'Inbox')}${link(portalUrl, 'Portal')}</nav>
</header>
<nav id="places" aria-label="Who and where you are"></nav>
<main id="place" tabindex="-1"><noscript><p class="alone">The chat console needs JavaScript.</p></noscript></main>
<dialog id="modal" aria-labelledby="modal-title"></dialog>
<dialog id="question" aria-labelledby="question-title"></dialog>
</body>
</html>
`;
}

function link(url: string | undefined, label: string): string {
  return url ? `<a href="${escapeMarkup(url)}" target="_blank" rel="noreferrer">${label}</a>` : '';
}
