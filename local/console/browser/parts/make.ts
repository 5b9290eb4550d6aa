/** An element with attributes (true: present, false: absent) and children; text stays text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** A button that does something, and no more. */
export function makeButton(
  attributes: Readonly<Record<string, string | number | boolean>>,
  onPress: () => void,
  ...children: readonly (Node | string)[]
): HTMLButtonElement {
  const button = make('button', { type: 'button', ...attributes }, ...children);
  button.addEventListener('click', onPress);
  return button;
}

/** An element that the page has for us. @throws Error where it has none */
export function find<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}

/** A size as people read it. */
export function formatSize(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** step).toPrecision(3))} ${units[step]}`;
}

const PATHS = {
  hash: 'M9 4 7 20M17 4l-2 16M4 9h17M3 15h17',
  lock: 'M6 11h12v9H6zM9 11V7a3 3 0 0 1 6 0v4',
  chat: 'M4 5h16v11H10l-5 4v-4H4z',
  home: 'M4 11 12 4l8 7v9h-5v-6H9v6H4z',
  clip: 'm20 11-8 8a5 5 0 0 1-7-7l8-8a3.4 3.4 0 0 1 5 5l-8 8a1.7 1.7 0 0 1-2.500-2.500L15 7',
  send: 'M4 12 20 4l-5 16-3-7zM12 13l8-9',
  eye: 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  more: 'M5 11v2M12 11v2M19 11v2',
  bolt: 'M13 3 5 14h6l-1 7 8-11h-6z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  back: 'M19 12H5m6-7-7 7 7 7',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
} as const;
export type IconName = keyof typeof PATHS;

/** A picture that says nothing which is not also said in words. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
