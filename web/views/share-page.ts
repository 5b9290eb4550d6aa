import { html, type Html } from '../../core/html.js';
import { plural } from '../../core/messages/format.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import { displayEmail } from '../../core/shares/recipients.js';
import type { Page } from '../page.js';
import { fileList } from './file-list.js';
import { csrfField } from './layout.js';
import {
  badge,
  recipientStatus,
  shareStatus,
  shareStatuses,
  statusHelp,
  type Status,
} from './share-status.js';
import { time } from './time.js';

type Recipient = ShareSummary['recipients'][number];

interface Parts {
  csrfToken: string;
  linkFor(recipientId: string): string;
  /** Ids of the recipients whose mail can be sent again now. */
  resendable: readonly string[];
}

/** One share: what became of it for each recipient, and what its sender may still do. */
export function sharePage(share: ShareSummary, parts: Parts): Page {
  const { state, files, recipients, message } = share;
  const status = shareStatus(share);
  const title = shareTitle(files);
  const isLive = !['FAILED', 'REVOKED', 'EXPIRED'].includes(state);
  return {
    title,
    scripts: [
      'copy-link.js',
      'times.js',
      ...(shareStatuses(share, parts.resendable).isSettled ? [] : ['status.js']),
    ],
    body: html`<section class="card" id="share" data-state-url="/shares/${share.shareId}/state">
      <header class="headline">
        <h1><bdi>${title}</bdi></h1>
        ${statusLine('share', status)}
      </header>
      <p class="hint">Shared on ${time(share.createdAt)} to ${plural(recipients.length, 'recipient')}.</p>
      ${message && html`<blockquote>${message}</blockquote>`}
      <h2>Recipients</h2>
      <ul class="people">
        ${recipients.map((recipient) => recipientItem(share, recipient, parts))}
      </ul>
      <h2>Files</h2>
      ${fileList(files, (file) => isLive && file.isStored && postButton(`/shares/${share.shareId}/files/${file.attachmentId}/download`, 'Download', parts))}
      <footer class="actions">
        ${isLive && confirmed('Withdraw', 'No mail leaves and no download starts any more, for anybody. The files are deleted; the history stays.', `/shares/${share.shareId}/revoke`, parts)}
        ${confirmed('Delete', isLive ? 'The share is withdrawn for everybody, and leaves your history.' : 'The share leaves your history.', `/shares/${share.shareId}/delete`, parts)}
      </footer>
    </section>`,
  };
}

/** `plan.pdf`, or `plan.pdf and 2 more`. */
export function shareTitle(files: ShareSummary['files']): string {
  const [first, ...others] = files;
  if (!first) return 'Share';
  return others.length === 0 ? first.name : `${first.name} and ${others.length} more`;
}

function recipientItem(share: ShareSummary, recipient: Recipient, parts: Parts): Html {
  const { recipientId, isRevoked, downloads } = recipient;
  const email = displayEmail(recipient.email);
  const base = `/shares/${share.shareId}/recipients/${recipientId}`;
  const isOpen = share.state === 'READY' && !isRevoked;
  return html`<li>
    <div class="headline">
      <strong class="address">${email}</strong
      >${statusLine(recipientId, recipientStatus(recipient, share.state))}
    </div>
    ${
      downloads.length > 0 &&
      html`<details>
        <summary>${plural(downloads.length, 'download')}</summary>
        <ul>
          ${downloads.map(({ name, at }) => html`<li><bdi>${name}</bdi>, ${time(at)}</li>`)}
        </ul>
      </details>`
    }
    ${
      isOpen &&
      html`<div class="actions">
        <details class="link">
          <summary>Copy link</summary>
          <div class="copy">
            <input readonly value="${parts.linkFor(recipientId)}" aria-label="Link for ${email}" /><button
              type="button"
              class="quiet"
              data-copy
              hidden
            >
              Copy
            </button>
          </div>
          <p class="hint">It is ${email}'s own: whoever opens it counts as them.</p>
        </details>
        <div data-resend="${recipientId}" ${!parts.resendable.includes(recipientId) && html`hidden`}>
          ${postButton(`${base}/resend`, 'Send again', parts)}
        </div>
        ${confirmed('Withdraw link', `${email} can no longer open the link. The others keep theirs.`, `${base}/revoke`, parts)}
      </div>`
    }
  </li>`;
}

function statusLine(name: string, status: Status): Html {
  return html`<p class="status" data-status="${name}" role="status">
    ${badge(status)} <span class="hint">${statusHelp(status)}</span>
  </p>`;
}

function postButton(action: string, label: string, { csrfToken }: Parts): Html {
  return html`<form method="post" action="${action}">
    ${csrfField(csrfToken)}<button class="quiet small">${label}</button>
  </form>`;
}

/** Asks once more before something that cannot be undone; works without a script. */
function confirmed(label: string, consequence: string, action: string, { csrfToken }: Parts): Html {
  return html`<details class="confirm">
    <summary>${label}</summary>
    <form method="post" action="${action}">
      ${csrfField(csrfToken)}
      <p>${consequence}</p>
      <button class="danger small">${label}</button>
    </form>
  </details>`;
}
