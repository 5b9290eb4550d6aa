import { formatDate } from '../../../core/messages/format.js';

/** Turns the UTC of a time on a page into the viewer's own zone. */
export function showLocally(element: HTMLTimeElement): void {
  const style = element.dataset['style'] === 'day' ? 'day' : 'time';
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  element.textContent = formatDate(new Date(element.dateTime), style, timeZone);
}

/** The same for a time that a script adds. */
export function localTime(at: string): HTMLTimeElement {
  const element = Object.assign(document.createElement('time'), { dateTime: at });
  showLocally(element);
  return element;
}
