import { formatBytes } from '../../../core/messages/format.js';
import { cleanFileName } from '../../../core/shares/file-name.js';

/** One line of a list of files: kind, name as its recipients will see it, and size, then whatever belongs at its end. */
export function fileRow(file: File, ...end: Node[]): HTMLLIElement {
  const fileName = cleanFileName(file.name);
  const kind = make('span', 'kind', /\.([a-z0-9]{1,5})$/i.exec(fileName)?.[1]?.toLowerCase() ?? 'file');
  kind.setAttribute('aria-hidden', 'true');
  const name = make('span', 'name');
  name.append(make('bdi', '', fileName), make('small', '', formatBytes(file.size)));
  const row = document.createElement('li');
  row.append(kind, name, ...end);
  return row;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** An element that the page has for us. @throws Error where it has none */
export function find<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}
