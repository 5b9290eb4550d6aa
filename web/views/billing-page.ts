import { html, type Html } from '../../core/html.js';
import type { Statement, StatementLine } from '../../core/billing/statement.js';
import { formatBytes, formatDate } from '../../core/messages/format.js';
import { displayEmail } from '../../core/shares/recipients.js';
import type { UsageKind } from '../../prisma/generated/enums.js';
import type { Page } from '../page.js';

const KINDS: Readonly<Record<UsageKind, string>> = {
  SHARE: 'Share',
  CORRECTION: 'Correction of the size',
  REVERSAL: 'Not charged: it ended before its files were stored',
};

/** One month of the ledger, line by line, and its totals. */
export function billingPage({ month, lines, totals }: Statement, months: readonly string[]): Page {
  const sums = [
    ['Shares', String(totals.shares)],
    ['Files', String(totals.files)],
    ['Volume', formatBytes(totals.bytes)],
    ['E-mails', String(totals.emails)],
  ] as const;
  return {
    title: `Billing for ${monthName(month)}`,
    body: html`<h1>Billing for ${monthName(month)}</h1>
      ${months.length > 1 && monthLinks(month, months)}
      <dl class="totals">
        ${sums.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${lines.length === 0 ? html`<p class="card centred">Nothing was charged in this month.</p>` : table(lines)}`,
  };
}

function monthLinks(month: string, months: readonly string[]): Html {
  return html`<nav class="pages" aria-label="Months">
    ${months.map((one) => html`<a href="/billing?month=${one}" ${one === month && html` aria-current="page"`}>${monthName(one)}</a>`)}
  </nav>`;
}

function table(lines: readonly StatementLine[]): Html {
  return html`<div class="card">
    <table class="lines">
      <thead>
        <tr>
          <th scope="col">Date</th>
          <th scope="col">What</th>
          <th scope="col">Files</th>
          <th scope="col">Recipients</th>
          <th scope="col" class="number">Volume</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          (line) =>
            html`<tr>
              <td class="date" data-label="Date">${formatDate(line.at)}</td>
              <td data-label="What">${whatOf(line)}</td>
              <td data-label="Files">${list(line.fileNames.map((name) => html`<bdi>${name}</bdi>`))}</td>
              <td data-label="Recipients">${list(line.recipients.map(displayEmail))}</td>
              <td class="number" data-label="Volume">${formatBytes(line.bytes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A correction that names somebody is a recipient's other address; any other is of a size. */
function whatOf({ kind, recipients }: StatementLine): string {
  return kind === 'CORRECTION' && recipients.length > 0 ? 'Another address of a recipient' : KINDS[kind];
}

function list(items: readonly (Html | string)[]): Html | false {
  return (
    items.length > 0 &&
    html`<ul>
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>`
  );
}

/** `2026-11` → `November 2026` */
function monthName(month: string): string {
  return formatDate(new Date(`${month}-01T00:00:00Z`)).replace(/^\d+ /, '');
}
