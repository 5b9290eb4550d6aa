import { html, type Html } from '../../core/html.js';
import type { Assets } from '../assets.js';

/** What every page has around it. */
export interface LayoutParts {
  title: string;
  body: Html;
  scripts?: readonly string[];
  assets: Assets;
  path: string;
  note: string | undefined;
  /** Who is signed in. */
  viewer: { email: string; csrfToken: string } | null;
}

const SECTIONS = [
  { path: '/shares/new', name: 'Send files' },
  { path: '/shares', name: 'History' },
  { path: '/billing', name: 'Billing' },
  { path: '/connections', name: 'Connections' },
];

/** The whole document: nothing from elsewhere, no inline script or style. */
export function layout({ title, body, scripts = [], assets, path, note, viewer }: LayoutParts): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="format-detection" content="telephone=no, email=no, address=no, date=no" />
        ${viewer && html`<meta name="csrf-token" content="${viewer.csrfToken}" />`}
        <title>${title} · Passalong</title>
        <link rel="icon" type="image/svg+xml" href="${assets.url('icon.svg')}" />
        <link rel="stylesheet" href="${assets.url('style.css')}" />
        ${scripts.map((name) => html`<script type="module" src="${assets.url(name)}"></script>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/"
            ><img src="${assets.url('icon.svg')}" alt="" width="28" height="28" />Passalong</a
          >
          ${viewer ? signedIn(path, viewer) : guest()}
        </header>
        <main id="main" tabindex="-1">
          ${note && html`<p class="notice" role="status">${note}</p>`} ${body}
        </main>
        <footer class="bottom">Passalong sends files by link, and lets their sender take them back.</footer>
      </body>
    </html>`;
}

/** The hidden field that every form of a session carries. */
export function csrfField(token: string): Html {
  return html`<input type="hidden" name="_csrf" value="${token}" />`;
}

function signedIn(path: string, viewer: { email: string; csrfToken: string }): Html {
  return html`<nav aria-label="Main">
      ${SECTIONS.map(
        (section) =>
          html`<a href="${section.path}" ${path === section.path && html` aria-current="page"`}
            >${section.name}</a
          >`,
      )}
    </nav>
    <form class="who" method="post" action="/sign-out">
      ${csrfField(viewer.csrfToken)}<span title="${viewer.email}">${viewer.email}</span>
      <button class="plain">Sign out</button>
    </form>`;
}

function guest(): Html {
  return html`<nav aria-label="Main"><a href="/sign-in">Sign in</a></nav>`;
}
