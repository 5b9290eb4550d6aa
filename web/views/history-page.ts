import { html, type Html } from '../../core/html.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import { displayEmail } from '../../core/shares/recipients.js';
import type { Page } from '../page.js';
import { shareTitle } from './share-page.js';
import { badge, recipientStatus, shareStatus } from './share-status.js';
import { time } from './time.js';

/** An account's shares, newest first, with what became of each for each recipient. */
export function historyPage(
  { shares, hasMore }: { shares: ShareSummary[]; hasMore: boolean },
  page: number,
): Page {
  return {
    title: 'History',
    scripts: ['times.js'],
    body: html`<header class="headline">
        <h1>History</h1>
        <a class="button" href="/shares/new">Send files</a>
      </header>
      ${
        shares.length === 0
          ? empty(page)
          : html`<ul class="history">
              ${shares.map(entry)}
            </ul>`
      }
      <nav class="pages" aria-label="Pages">
        ${page > 1 && html`<a href="/shares?page=${page - 1}" rel="prev">Newer</a>`}
        ${hasMore && html`<a href="/shares?page=${page + 1}" rel="next">Older</a>`}
      </nav>`,
  };
}

function entry(share: ShareSummary): Html {
  const ends = share.state === 'READY' && html`, available until ${time(share.expiresAt, 'day')}`;
  return html`<li class="card">
    <div class="headline">
      <h2>
        <a href="/shares/${share.shareId}"><bdi>${shareTitle(share.files)}</bdi></a>
      </h2>
      ${badge(shareStatus(share))}
    </div>
    <p class="hint">${time(share.createdAt)}${ends}</p>
    <ul class="outcome">
      ${share.recipients.map((recipient) => html`<li><span class="address">${displayEmail(recipient.email)}</span>${badge(recipientStatus(recipient, share.state))}</li>`)}
    </ul>
  </li>`;
}

function empty(page: number): Html {
  const text =
    page > 1
      ? 'There is nothing older.'
      : 'You have not sent anything yet. What you send, from here or from chat, is listed here.';
  return html`<p class="card centred">${text}</p>`;
}
