import { createField, readFields } from './fields.js';
import { make, makeButton } from './make.js';
import type { Command, Filled } from './scene.js';

/** So many options are in sight even where none is needed. */
const ALWAYS_SHOWN = 2;

/** The options of a command, filled in: what it needs and what comes first at once, the others behind a line. */
export function createCommandForm(
  { name, description, fields: all }: Command,
  files: File[],
  run: (filled: Filled) => void,
  cancel: () => void,
): { element: HTMLElement; focus: () => void } {
  const fields = all ?? [];
  const shown = fields.map(createField);
  const isInSight = (index: number): boolean => index < ALWAYS_SHOWN || Boolean(fields[index]?.isRequired);
  const elements = (wanted: boolean): HTMLElement[] =>
    shown.filter((_, index) => isInSight(index) === wanted).map(({ element }) => element);
  const [first, others] = [elements(true), elements(false)];
  const takers = shown.filter((_, index) => fields[index]?.input.kind === 'files');
  files.slice(0, takers.length).forEach((file, index) => takers[index]?.put([], [file]));

  const more = make('details', {}, make('summary', {}, `${others.length} more`), ...others);
  const foot = make(
    'footer',
    {},
    makeButton({}, cancel, 'Cancel'),
    make('button', { class: 'primary' }, 'Run'),
  );
  const head = make('p', {}, make('strong', {}, name), ` ${description}`);
  const form = make('form', { class: 'command', novalidate: true, 'aria-label': name }, head, ...first);
  form.append(...(others.length > 0 ? [more] : []), foot);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const filled = readFields(shown, fields);
    if (filled) run(filled);
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') cancel();
  });
  return {
    element: form,
    focus: () => form.querySelector<HTMLElement>('input, select, textarea, button')?.focus(),
  };
}
