import { make } from './make.js';
import type { Command } from './scene.js';

/**
 * The commands that begin as what is typed does, above the text: arrows move, Enter and Tab take one, Escape hides
 * them. The text keeps the focus.
 */
export function createCommandList(
  text: HTMLTextAreaElement,
  choose: (command: Command) => void,
): { element: HTMLElement; show: (commands: Command[]) => void } {
  let shown: Command[] = [];
  let at = 0;
  const element = make('ul', {
    id: 'commands',
    class: 'pop',
    role: 'listbox',
    'aria-label': 'Commands',
    hidden: true,
  });
  text.setAttribute('aria-autocomplete', 'list');
  text.setAttribute('aria-controls', 'commands');

  function draw(): void {
    element.hidden = shown.length === 0;
    const items = shown.map((command, index) => {
      const { name, hint, description } = command;
      const words = [make('strong', {}, name), ' ', make('code', {}, hint), make('small', {}, description)];
      const about = { id: `command-${index}`, role: 'option', 'aria-selected': String(index === at) };
      const item = make('li', about, ...words);
      item.addEventListener('mousedown', (event) => {
        event.preventDefault();
        choose(command);
      });
      return item;
    });
    element.replaceChildren(...items);
    if (shown.length > 0) text.setAttribute('aria-activedescendant', `command-${at}`);
    else text.removeAttribute('aria-activedescendant');
  }

  function show(commands: Command[]): void {
    shown = commands;
    at = 0;
    draw();
  }

  text.addEventListener('keydown', (event) => {
    const command = shown[at];
    if (!command) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const isTaken = event.key === 'Tab' || (event.key === 'Enter' && text.value !== command.name);
    if (!step && !isTaken && event.key !== 'Escape') return;
    event.preventDefault();
    at = (at + step + shown.length) % shown.length;
    if (isTaken) choose(command);
    else if (step) draw();
    else show([]);
  });
  return { element, show };
}
