import { showFile } from './file-picker.js';
import { icon, make, makeButton } from './make.js';
import type { ShownMessage } from './scene.js';
import { showParts, type OnUse } from './show-parts.js';

/** What the list knows beyond the message itself. */
export interface Surroundings {
  /** It continues what the same author said a moment before. */
  isContinued: boolean;
  /** The control that was pressed and has not been answered. */
  busy: string;
  failure: string;
  threadHref: string | null;
}

export interface MessageActs {
  use: OnUse;
  choose: (actionId: string) => void;
}

/** One message: who, when, what, and what can be done with it. */
export function showMessage(message: ShownMessage, around: Surroundings, acts: MessageActs): HTMLElement {
  const { author, isApp, at, isOnlyForYou, isEdited, isThinking, parts, files } = message;
  const time = new Date(at);
  const clock = time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const head = make(
    'p',
    { class: 'head' },
    make('strong', {}, author),
    ...(isApp ? [make('span', { class: 'app' }, 'App')] : []),
    make('time', { datetime: time.toISOString() }, clock),
    ...(isEdited ? [make('small', {}, '(edited)')] : []),
  );
  const body = make('div', { class: 'body' }, head);
  if (isOnlyForYou) body.append(make('p', { class: 'only' }, icon('eye'), 'Only visible to you'));
  if (isThinking) body.append(make('p', { class: 'thinking' }, `${author} is thinking…`));
  body.append(...showParts(parts, acts.use).elements);
  if (files.length > 0) body.append(make('ul', { class: 'chips' }, ...files.map((file) => showFile(file))));
  if (around.failure) body.append(make('p', { class: 'error', role: 'alert' }, around.failure));
  body.append(...thread(message, around));
  const name = `${author}, ${clock}`;
  const article = make(
    'article',
    { 'aria-label': name, tabindex: -1 },
    avatar(author, isApp),
    body,
    ...menu(message, around, acts),
  );
  article.classList.toggle('continued', around.isContinued);
  article.classList.toggle('private', isOnlyForYou);
  const pressed = [...article.querySelectorAll<HTMLElement>('[data-control]')];
  pressed.find((it) => it.dataset['control'] === around.busy)?.setAttribute('aria-busy', 'true');
  return article;
}

/** Whoever is shown first has the first hue, and keeps it. */
const hues = new Map<string, number>();

/** Initials on a colour that is the person's own. */
export function avatar(name: string, isApp = false): HTMLElement {
  const initials = name.split(' ').map((word) => word.charAt(0));
  const about = { class: isApp ? 'avatar of-app' : 'avatar', 'aria-hidden': 'true' };
  const shown = make('span', about, initials.slice(0, 2).join(''));
  if (!isApp) hues.set(name, hues.get(name) ?? 255 + 130 * hues.size);
  shown.style.setProperty('--hue', String(hues.get(name)));
  return shown;
}

function thread({ replies }: ShownMessage, { threadHref }: Surroundings): HTMLElement[] {
  if (!replies || !threadHref) return [];
  return [make('a', { href: threadHref, class: 'thread' }, replies === 1 ? '1 reply' : `${replies} replies`)];
}

function menu(message: ShownMessage, { threadHref }: Surroundings, { choose }: MessageActs): HTMLElement[] {
  const { menu: offered, author, replies } = message;
  const reply = replies !== null && threadHref ? [make('a', { href: threadHref }, 'Reply in thread')] : [];
  const items = [...offered.map(({ id, name }) => makeButton({}, () => choose(id), name)), ...reply];
  if (items.length === 0) return [];
  const label = `Actions on the message of ${author}`;
  const summary = make('summary', { 'aria-label': label, title: 'More actions' }, icon('more'));
  return [make('details', { class: 'menu' }, summary, make('div', { class: 'pop' }, ...items))];
}
