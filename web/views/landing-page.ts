import { html } from '../../core/html.js';
import type { Page } from '../page.js';

export const landingPage: Page = {
  title: 'Send files, keep control',
  body: html`<section class="hero">
      <h1>Send the file. Keep&nbsp;control.</h1>
      <p class="lead">
        From Slack, from Discord or from your disk to up to five e-mail addresses. Each person gets a link of
        their own; you see who took the file, and can take it back.
      </p>
      <p class="actions">
        <a class="button" href="/register">Create an account</a>
        <a class="button quiet" href="/sign-in">Sign in</a>
      </p>
    </section>
    <ul class="steps">
      <li>
        <h2>Choose</h2>
        <p>Type <kbd>/share</kbd> in Slack or Discord, or drop up to ten files here.</p>
      </li>
      <li>
        <h2>Send</h2>
        <p>Everybody gets one mail with a private link. Nobody sees who else did.</p>
      </li>
      <li>
        <h2>Follow</h2>
        <p>Delivered, bounced, downloaded: you see it for each person, and withdraw a link at any time.</p>
      </li>
    </ul>`,
};
