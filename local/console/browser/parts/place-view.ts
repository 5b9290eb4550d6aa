import { createComposer, type Composer, type ComposerActs } from './composer.js';
import { icon, make, makeButton } from './make.js';
import { createMessageLog, type LoggedMessage } from './message-log.js';
import type { Scene, ShownMessage } from './scene.js';
import type { MessageActs } from './show-message.js';
import { showParts, type OnUse } from './show-parts.js';
import { showWelcome } from './welcome.js';

export interface PlaceActs extends ComposerActs {
  forMessage: (message: ShownMessage) => MessageActs;
  /** Something on the page was used. */
  use: (pageId: string, ...used: Parameters<OnUse>) => void;
  openMenu: () => void;
}

export interface PlaceView {
  elements: HTMLElement[];
  show: (scene: Scene, logged: LoggedMessage[], person: string) => void;
  warn: Composer['warn'];
}

/** The middle: where one is, what is said or shown there, and what one can say. `backHref` leads out of a thread. */
export function createPlaceView({ place, page }: Scene, backHref: string | null, acts: PlaceActs): PlaceView {
  const name = place.icon === 'hash' ? `#${place.name}` : place.name;
  const composer = createComposer(name, acts);
  const log = createMessageLog(acts.forMessage);
  const about = make('p');
  const title = backHref ? `Thread in ${name}` : place.name;
  const header = make(
    'header',
    {},
    makeButton(
      { class: 'tool menu-button', 'aria-label': 'Who and where you are' },
      acts.openMenu,
      icon('menu'),
    ),
    ...(backHref
      ? [make('a', { href: backHref, class: 'tool', 'aria-label': 'Back' }, icon('back'))]
      : [icon(place.icon)]),
    make('div', {}, make('h1', {}, title), about),
  );
  const sheet = make('div', { id: 'page', tabindex: 0, role: 'region', 'aria-label': place.name });
  let shownPage = '';

  return {
    elements: page ? [header, sheet] : [header, log.element, composer.element],
    show(scene, logged, person) {
      about.textContent = scene.place.about;
      composer.offer(scene.commands, scene.shortcuts);
      log.show(logged, showWelcome(scene, person, composer.choose));
      const key = JSON.stringify(scene.page);
      if (scene.page === null || key === shownPage) return;
      shownPage = key;
      const { id, parts } = scene.page;
      sheet.replaceChildren(...showParts(parts, (...used) => acts.use(id, ...used)).elements);
    },
    warn: composer.warn,
  };
}
