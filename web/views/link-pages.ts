import { html } from '../../core/html.js';
import type { OpenedLink } from '../../core/links/open-link.js';
import { plural } from '../../core/messages/format.js';
import type { Page } from '../page.js';
import { fileList } from './file-list.js';
import { time } from './time.js';

type Sender = Pick<OpenedLink, 'senderName' | 'senderEmail'>;
type OpenLink = Extract<OpenedLink, { state: 'open' }>;

/** What a recipient gets, who from and until when. Other recipients are not named. */
export function linkPage(link: OpenLink, token: string): Page {
  const { senderName, senderEmail, files, message } = link;
  const count = plural(files.length, 'file');
  return {
    title: `${count} from ${senderName}`,
    scripts: ['times.js'],
    body: html`<section class="card" aria-labelledby="what">
      <h1 id="what">${senderName} sent you ${count}</h1>
      <p class="hint">
        From <strong class="address">${senderEmail}</strong>, an address that its owner confirmed. Available
        until ${time(link.expiresAt)}.
      </p>
      ${
        message &&
        html`<figure>
          <blockquote>${message}</blockquote>
          <figcaption class="hint">Written by the sender, not by us.</figcaption>
        </figure>`
      }
      ${fileList(
        files,
        (file) =>
          html`<form method="post" action="/l/${token}/files/${file.attachmentId}">
            ${file.downloads > 0 && html`<span class="badge quiet">Downloaded</span>`}
            <button class="small" aria-label="Download ${file.name}">Download</button>
          </form>`,
      )}
      <details>
        <summary>Check what you got (SHA-256)</summary>
        <dl class="sums">
          ${files.map(
            ({ name, sha256 }) =>
              html`<dt><bdi>${name}</bdi></dt>
                <dd><code>${sha256 ?? 'not known'}</code></dd>`,
          )}
        </dl>
      </details>
      <p class="aside">
        This link is yours alone. Open only what you expect, from people you know.
        <a href="/l/${token}/report">Report this share</a>
      </p>
    </section>`,
  };
}

/** The link was genuine and merely ran out. */
export function expiredLinkPage({ senderName, senderEmail }: Sender): Page {
  const subject = encodeURIComponent('Could you send me the files again?');
  const address = encodeURIComponent(senderEmail).replace('%40', '@');
  return {
    title: 'This link has expired',
    body: html`<section class="card narrow centred">
      <h1>This link has expired</h1>
      <p>The files that ${senderName} sent you are no longer available.</p>
      <p><a class="button" href="mailto:${address}?subject=${subject}">Ask the sender for a new link</a></p>
    </section>`,
  };
}

export function reportPage({ senderName, senderEmail, token }: Sender & { token: string }): Page {
  return {
    title: 'Report this share',
    body: html`<section class="card narrow">
      <h1>Report this share?</h1>
      <p>
        Tell us when ${senderName} (${senderEmail}) sent you something harmful, illegal or unwanted. We look
        at each report; the sender does not learn who made it.
      </p>
      <form method="post" action="/l/${token}/report">
        <button class="danger">Report it</button> <a class="button quiet" href="/l/${token}">Go back</a>
      </form>
    </section>`,
  };
}

export const reportedPage: Page = {
  title: 'Thank you',
  body: html`<section class="card narrow centred">
    <h1>Thank you</h1>
    <p>The report is with us. You need not do anything else.</p>
  </section>`,
};
