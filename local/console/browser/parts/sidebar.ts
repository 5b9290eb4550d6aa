import { icon, make } from './make.js';
import type { Platform, Scene, Where } from './scene.js';
import { avatar } from './show-message.js';

/** Where one goes by a link, so that the browser's own Back works. */
export function hrefOf(platform: Platform, { userId, placeId, threadId }: Partial<Where>): string {
  return `#/${[platform.name, userId, placeId, threadId]
    .filter(Boolean)
    .map((each) => encodeURIComponent(String(each)))
    .join('/')}`;
}

/** The column of who one is and where one may go; places with news are marked. */
export function showSidebar(
  platforms: readonly Platform[],
  current: Platform,
  where: Where,
  { people, groups }: Scene,
  hasNews: (placeId: string, lastId: string) => boolean,
): HTMLElement[] {
  const switches = platforms.map((each) => link(hrefOf(each, {}), each === current, each.title));
  const persons = people.map(({ id, name }) =>
    make(
      'li',
      {},
      link(
        hrefOf(current, { ...where, userId: id, threadId: null }),
        id === where.userId,
        avatar(name),
        name,
      ),
    ),
  );
  const lists = groups.flatMap(({ title, places }) => {
    const items = places.map(({ id, name, icon: sign, lastId }) => {
      const isHere = id === where.placeId;
      const place = link(hrefOf(current, { userId: where.userId, placeId: id }), isHere, icon(sign), name);
      if (!isHere && hasNews(id, lastId))
        place.append(make('span', { class: 'news', title: 'News here' }, '•'));
      return make('li', {}, place);
    });
    return places.length > 0 ? section(title, items) : [];
  });
  return [make('div', { class: 'switch' }, ...switches), ...section('You act as', persons), ...lists];
}

function section(title: string, items: HTMLElement[]): HTMLElement[] {
  return [make('h2', {}, title), make('ul', {}, ...items)];
}

function link(href: string, isCurrent: boolean, ...children: (Node | string)[]): HTMLAnchorElement {
  return make('a', { href, ...(isCurrent && { 'aria-current': 'true' }) }, ...children);
}
