import { make } from './make.js';
import type { ShownMessage } from './scene.js';
import { showMessage, type MessageActs, type Surroundings } from './show-message.js';

const CONTINUED_MS = 5 * 60_000;
const NEAR_END_PX = 120;

/** A message with what the console adds to it. */
export type LoggedMessage = { message: ShownMessage } & Omit<Surroundings, 'isContinued'>;

/** The list of messages: what has not changed stays in place, and the newest stays in sight. */
export function createMessageLog(actsFor: (message: ShownMessage) => MessageActs): {
  element: HTMLElement;
  show: (logged: LoggedMessage[], empty: HTMLElement) => void;
} {
  const keys = new Map<string, { key: string; element: HTMLElement }>();
  const element = make('div', { id: 'log', role: 'log', 'aria-label': 'Messages', tabindex: 0 });

  function show(logged: LoggedMessage[], empty: HTMLElement): void {
    const isNearEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    const isFirst = element.childElementCount === 0;
    if (logged.length === 0) {
      keys.clear();
      if (!element.querySelector('.empty')) element.replaceChildren(empty);
      return;
    }
    element.querySelector('.empty')?.remove();
    const ids = new Set(logged.map(({ message }) => message.id));
    for (const [id, { element: old }] of keys) {
      if (ids.has(id)) continue;
      old.remove();
      keys.delete(id);
    }
    let next: Element | null = element.firstElementChild;
    logged.forEach((each, index) => {
      const isContinued = continues(each.message, logged[index - 1]?.message);
      const { message, ...around } = each;
      const key = JSON.stringify([each, isContinued]);
      const known = keys.get(message.id);
      if (known?.key !== key) {
        const fresh = showMessage(message, { ...around, isContinued }, actsFor(message));
        if (known) replace(known.element, fresh);
        else element.insertBefore(fresh, next);
        keys.set(message.id, { key, element: fresh });
        if (known || !isFirst) fresh.classList.add('fresh');
      }
      next = keys.get(message.id)?.element.nextElementSibling ?? null;
    });
    if (isNearEnd || isFirst) element.scrollTop = element.scrollHeight;
  }

  return { element, show };
}

function continues(message: ShownMessage, before: ShownMessage | undefined): boolean {
  if (!before || before.isOnlyForYou || message.isOnlyForYou) return false;
  return before.author === message.author && message.at - before.at < CONTINUED_MS;
}

/** Whoever was at a control of the old one is at the same control of the new one. */
function replace(old: HTMLElement, fresh: HTMLElement): void {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const control = focused instanceof HTMLElement ? focused.dataset['control'] : undefined;
  old.replaceWith(fresh);
  if (!focused) return;
  const same = [...fresh.querySelectorAll<HTMLElement>('[data-control]')].find(
    (it) => it.dataset['control'] === control,
  );
  (same ?? fresh).focus();
}
