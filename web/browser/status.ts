import type { ShareStatuses, Status } from '../views/share-status.js';
import { ask, RequestError } from './parts/api.js';
import { make } from './parts/file-rows.js';
import { localTime } from './parts/local-time.js';

const FIRST_MS = 1_500;
const SLOWEST_MS = 15_000;
const LONGEST_MS = 15 * 60_000;

const url = document.getElementById('share')?.dataset['stateUrl'];
const startedAt = Date.now();
if (url) watch(url, FIRST_MS);

/** Asks less and less often until nothing is going to change by itself. */
function watch(stateUrl: string, delayMs: number): void {
  setTimeout(() => {
    const next = () => {
      if (Date.now() - startedAt < LONGEST_MS) watch(stateUrl, Math.min(SLOWEST_MS, delayMs * 1.3));
    };
    if (document.hidden) next();
    else
      ask<ShareStatuses>('GET', stateUrl).then(
        (statuses) => {
          show(statuses);
          if (!statuses.isSettled) next();
        },
        (error: unknown) => {
          if (!(error instanceof RequestError) || error.status >= 500) next();
        },
      );
  }, delayMs);
}

/** What a sender may do depends on the share's state, so that a new one shows the whole page again. */
function show({ share, recipients, resendable }: ShareStatuses): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-resend]'))
    button.hidden = !resendable.includes(button.dataset['resend'] ?? '');
  for (const line of document.querySelectorAll<HTMLElement>('[data-status]')) {
    const name = line.dataset['status'] ?? '';
    const status: Status | undefined = name === 'share' ? share : recipients[name];
    const label = line.querySelector('.badge')?.textContent;
    if (!status) continue;
    const help = make('span', 'hint', status.help);
    if (status.at) help.append(' ', localTime(status.at), '.');
    if (label === status.label && line.querySelector('.hint')?.textContent === help.textContent) continue;
    if (name === 'share' && label !== status.label && !document.querySelector('details[open]'))
      location.reload();
    line.replaceChildren(make('span', `badge ${status.tone}`, status.label), ' ', help);
  }
}
