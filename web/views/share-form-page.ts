import { randomUUID } from 'node:crypto';
import { html } from '../../core/html.js';
import { formatBytes, plural } from '../../core/messages/format.js';
import type { Limits } from '../../core/ports.js';
import { MAX_RECIPIENTS } from '../../core/shares/recipients.js';
import {
  DEFAULT_LIFETIME_DAYS,
  LIFETIMES_DAYS,
  MAX_FILES,
  MAX_MESSAGE_LENGTH,
} from '../../core/shares/share-request.js';
import type { Page } from '../page.js';

/** The form that `upload.js` drives. Its id makes a repeated press of Send the same share. */
export function shareFormPage({ maxFileBytes }: Pick<Limits, 'maxFileBytes'>): Page {
  return {
    title: 'Send files',
    scripts: ['upload.js'],
    body: html`<h1 class="hidden">Send files</h1>
      <noscript
        ><p class="notice">
          Sending files from this page needs JavaScript. Everything else works without it, and
          <kbd>/share</kbd> in Slack or Discord does too.
        </p></noscript
      >
      <form
        class="card send"
        id="send"
        data-form-id="${randomUUID()}"
        data-max-files="${MAX_FILES}"
        data-max-bytes="${maxFileBytes}"
        novalidate
      >
        <p class="alert" id="form-error" role="alert" hidden></p>
        <div class="field">
          <label class="drop" id="drop" for="files"
            ><strong>Choose files</strong><span>or drop them on this page</span></label
          >
          <input class="hidden" id="files" type="file" multiple aria-describedby="files-hint files-error" />
          <ul class="files" id="chosen" aria-label="Chosen files"></ul>
          <p class="hint" id="files-hint">Up to ${MAX_FILES} files of ${formatBytes(maxFileBytes)} each.</p>
          <p class="error" id="files-error" hidden></p>
        </div>
        <div class="field">
          <label for="emails">To</label>
          <textarea
            id="emails"
            name="emails"
            rows="2"
            autocomplete="off"
            spellcheck="false"
            placeholder="ann@example.com, bob@example.com"
            aria-describedby="emails-hint emails-error"
          ></textarea>
          <p class="hint" id="emails-hint">
            Up to ${MAX_RECIPIENTS} e-mail addresses. Nobody sees the others.
          </p>
          <p class="error" id="emails-error" hidden></p>
        </div>
        <div class="field">
          <label for="message">Message <span class="hint">(optional)</span></label>
          <textarea
            id="message"
            name="message"
            rows="3"
            maxlength="${MAX_MESSAGE_LENGTH}"
            aria-describedby="message-error"
          ></textarea>
          <p class="error" id="message-error" hidden></p>
        </div>
        <fieldset class="field choice">
          <legend>Links work for</legend>
          ${LIFETIMES_DAYS.map(
            (days) =>
              html`<label
                ><input
                  type="radio"
                  name="lifetimeDays"
                  value="${days}"
                  ${days === DEFAULT_LIFETIME_DAYS && html` checked`}
                /><span>${plural(days, 'day')}</span></label
              >`,
          )}
          <p class="error" id="lifetimeDays-error" hidden></p>
        </fieldset>
        <button id="submit" disabled>Send</button>
      </form>
      <section class="card send" id="progress" aria-labelledby="progress-title" tabindex="-1" hidden>
        <h2 id="progress-title">Sending…</h2>
        <p id="progress-text"></p>
        <progress id="progress-bar" max="1" value="0" aria-labelledby="progress-title"></progress>
        <p class="hidden" id="progress-said" role="status"></p>
        <p class="alert" id="progress-error" role="alert" hidden></p>
        <ul class="files" id="progress-files"></ul>
        <p class="actions">
          <button id="retry" type="button" hidden>Try again</button>
          <button class="quiet" id="cancel" type="button">Cancel</button>
        </p>
        <p class="hint">Keep this page open until all files have arrived. The mails leave afterwards.</p>
      </section>`,
  };
}
