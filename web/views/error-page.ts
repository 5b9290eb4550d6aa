import { html } from '../../core/html.js';
import type { Page } from '../page.js';

const TITLES: Readonly<Record<number, string>> = {
  403: 'Not allowed',
  404: 'Not found',
  410: 'No longer here',
  429: 'A little too fast',
  500: 'Something went wrong',
  503: 'Back in a moment',
};

/** A page for what did not work, in words that the error may show. */
export function errorPage(
  status: number,
  message: string,
  way = { path: '/', name: 'Go to the first page' },
): Page {
  const title = TITLES[status] ?? 'That did not work';
  return {
    title,
    body: html`<section class="card narrow centred">
      <h1>${title}</h1>
      <p>${message}</p>
      <p><a class="button quiet" href="${way.path}">${way.name}</a></p>
    </section>`,
  };
}
