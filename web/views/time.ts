import { html, type Html } from '../../core/html.js';
import { formatDate } from '../../core/messages/format.js';

/** A time or its day, in UTC; `times.js` shows it in the viewer's zone. */
export function time(at: Date, style: 'day' | 'time' = 'time'): Html {
  return html`<time datetime="${at.toISOString()}" data-style="${style}">${formatDate(at, style)}</time>`;
}
