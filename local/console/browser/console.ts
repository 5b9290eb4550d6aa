import { createDeeds, type Pending } from './parts/deeds.js';
import { discord } from './parts/discord.js';
import { createLiveSight } from './parts/live-sight.js';
import { find, make } from './parts/make.js';
import type { LoggedMessage } from './parts/message-log.js';
import { rememberNews } from './parts/news.js';
import { createPlaceView, type PlaceView } from './parts/place-view.js';
import type { Control, Deed, Platform, Scene, ShownMessage, Surface, Where } from './parts/scene.js';
import { askFirst, createModalWindow } from './parts/show-modal.js';
import { hrefOf, showSidebar } from './parts/sidebar.js';
import { slack } from './parts/slack.js';

const offered = document.body.dataset['platforms']?.split(' ') ?? [];
const platforms = [slack, discord].filter(({ name }) => offered.includes(name));
const main = find('place', HTMLElement);
const nav = find('places', HTMLElement);
const modal = createModalWindow();
const deeds = createDeeds(() => queueMicrotask(render));
const news = rememberNews();
const live = createLiveSight(hear, sayAbsent);
/** What the platform itself told the person, by place, and what went wrong with which message. */
const notices: { where: string; message: ShownMessage }[] = [];
const failures = new Map<string, string>();

let platform: Platform = slack;
let where: Where = { userId: '', placeId: '', threadId: null };
/** What is seen now, drawn for a place; null before the platform has answered. */
let look: ((at: Where) => Scene) | null = null;
let view: PlaceView | null = null;
let shownSidebar = '';

window.addEventListener('hashchange', go);
document.addEventListener('click', closeMenus);
go();

/** `#/slack/<person>/<place>/<thread>`: all of it may be missing. */
function go(): void {
  const [name, userId, placeId = '', threadId] = location.hash.slice(2).split('/').map(decodeURIComponent);
  const next = platforms.find((each) => each.name === name) ?? platforms[0] ?? slack;
  const isSamePerson = next === platform && (userId || next.firstUserId) === where.userId;
  platform = next;
  where = { userId: userId || next.firstUserId, placeId, threadId: threadId || null };
  view = null;
  if (!isSamePerson) {
    look = null;
    main.replaceChildren();
  }
  document.body.classList.remove('choosing');
  document.body.dataset['platform'] = next.name;
  live.follow(`/${next.name}/watch?userId=${encodeURIComponent(where.userId)}`);
  render();
}

function hear(seen: never): void {
  const { scene } = platform;
  look = (at) => scene(seen, at);
  render();
}

function render(): void {
  if (!look) return;
  const scene = look(where);
  const name = scene.people.find(({ id }) => id === where.userId)?.name ?? '';
  where.placeId = scene.place.id;
  news.see(newsKey(scene.place.id), scene.place.lastId);
  document.title = `${scene.place.name} · ${name} in ${platform.title}`;
  renderSidebar(scene);
  if (!view) {
    view = createView(scene);
    main.replaceChildren(...view.elements);
    if (scene.page) void perform('command', '', platform.visit(where));
  }
  view.show(scene, logOf(scene), name);
  const isOurs = scene.modal && (scene.modal.openedBy === null || deeds.isOpen(scene.modal.openedBy));
  renderModal(isOurs ? scene.modal : null);
  deeds.settle(scene.outcomes);
}

/** Anew where something of it changed; whoever was at one of its links stays there. */
function renderSidebar(scene: Scene): void {
  const key = JSON.stringify([platform.name, where, scene.people, scene.groups]);
  if (key === shownSidebar) return;
  shownSidebar = key;
  const focused = nav.contains(document.activeElement) && document.activeElement?.getAttribute('href');
  const hasNews = (placeId: string, lastId: string): boolean => news.has(newsKey(placeId), lastId);
  nav.replaceChildren(...showSidebar(platforms, platform, where, scene, hasNews));
  if (focused) nav.querySelector<HTMLElement>(`[href="${CSS.escape(focused)}"]`)?.focus();
}

function renderModal(shown: Scene['modal']): void {
  modal.show(shown, {
    use: (control, values, filled) => {
      if (shown) void use(control, values, { modalId: shown.id, filled }, ['modal', shown.id]);
    },
    submit: (filled) => {
      if (shown) void perform('modal', shown.id, platform.submit(where, shown, filled));
    },
    dismiss: () => {
      if (!shown) return;
      deeds.close(shown.id);
      void perform('modal', shown.id, platform.dismiss(where, shown));
    },
  });
}

function createView(scene: Scene): PlaceView {
  const back = where.threadId ? hrefOf(platform, { ...where, threadId: null }) : null;
  return createPlaceView(scene, back, {
    say: (text, files) => perform('command', '', platform.say(where, text, files)),
    run: (command, typed, filled) =>
      perform('command', command.name, platform.run(where, command, typed, filled)),
    useShortcut: (id) => void perform('command', 'The shortcut', platform.useShortcut(where, id)),
    forMessage: ({ id, menu }) => ({
      use: (control, values) => void use(control, values, { messageId: id }, ['message', id]),
      choose: (actionId) => {
        const name = menu.find((it) => it.id === actionId)?.name ?? '';
        void perform('command', name, platform.useMenu(where, id, actionId));
      },
    }),
    use: (pageId, control, values) => void use(control, values, { pageId }, ['command', control.label]),
    openMenu: () => document.body.classList.toggle('choosing'),
  });
}

async function use(
  control: Control,
  values: string[],
  surface: Surface,
  [what, target]: [Pending['what'], string],
): Promise<void> {
  if (control.confirm && !(await askFirst(control.confirm))) return;
  // A button that only opens a page has nothing to say to the app where it has no id.
  if (!control.id) return;
  await perform(
    what,
    target,
    platform.press(where, surface, control, values),
    `${control.groupId}/${control.id}`,
  );
}

/** Does something and shows, where it was done, if it was refused or the app failed. */
function perform(what: Pending['what'], target: string, deed: Deed, control = ''): Promise<boolean> {
  const [acting, place] = [platform, placeKey(where.placeId)];
  if (what === 'modal') modal.setBusy(true);
  failures.delete(target);
  const say = (text: string): void => {
    if (what === 'modal') modal.fail(text);
    else if (what === 'message') failures.set(target, text);
    else notices.push({ where: place, message: noticeOf(acting.title, text) });
    queueMicrotask(render);
  };
  const pending: Pending = {
    ...{ what, target, control },
    onEnd: () => {
      if (what === 'modal') modal.setBusy(false);
    },
    onFailure: (failure) => say(acting.explain(what, target, failure)),
  };
  return deeds.follow(pending, deed, (message) => {
    if (what === 'command') view?.warn(message);
    else say(message);
  });
}

/** Messages and notices by time, as the person sees them. */
function logOf({ messages, place }: Scene): LoggedMessage[] {
  const here = notices.filter((it) => it.where === placeKey(place.id)).map(({ message }) => message);
  return [...messages, ...here]
    .sort((one, other) => one.at - other.at)
    .map((message) => ({
      message,
      busy: deeds.busyControl(message.id),
      failure: failures.get(message.id) ?? '',
      threadHref: where.threadId ? null : hrefOf(platform, { ...where, threadId: message.id }),
    }));
}

function placeKey(placeId: string): string {
  return [platform.name, where.userId, placeId, where.threadId].join('/');
}

/** A thread has no news of its own: its messages are those of its channel. */
function newsKey(placeId: string): string {
  return [platform.name, where.userId, placeId].join('/');
}

function noticeOf(author: string, text: string): ShownMessage {
  return {
    ...{ id: `notice-${notices.length}`, author, isApp: true, at: Date.now(), isOnlyForYou: true },
    ...{ isEdited: false, isThinking: false, files: [], menu: [], replies: null },
    parts: [{ kind: 'text', pieces: [text] }],
  };
}

function sayAbsent(): void {
  const text = `The simulated ${platform.title} does not answer. This page waits for it.`;
  if (view) view.warn(text);
  else main.replaceChildren(make('p', { class: 'alone', role: 'status' }, text));
}

/** A menu closes when something else, or one of its items, is clicked. */
function closeMenus({ target }: MouseEvent): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
    const isSummary = target instanceof Element && target.closest('summary')?.parentElement === menu;
    if (!isSummary) menu.open = false;
  }
}
