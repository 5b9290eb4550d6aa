import { formatSize, icon, make, makeButton } from './make.js';

export interface FilePicker {
  /** The chosen files, with a button each to take it out again. */
  list: HTMLUListElement;
  /** The button that opens the system's dialog. */
  opener: HTMLElement;
  files: () => File[];
  add: (files: Iterable<File>) => void;
  clear: () => void;
}

/** Gathers files from the system's dialog, and those that are dropped on `target`. At most `max` are kept. */
export function createFilePicker(
  target: HTMLElement,
  { label, max, accept, id }: { label: string; max: number; accept: string; id: string },
  onChange: () => void = () => {},
): FilePicker {
  let chosen: File[] = [];
  const input = make('input', { type: 'file', id, class: 'unseen', accept, multiple: max > 1 });
  const list = make('ul', { class: 'chips', hidden: true });
  const show = (): void => {
    list.replaceChildren(...chosen.map(chip));
    list.hidden = chosen.length === 0;
    onChange();
  };
  const chip = (file: File): HTMLLIElement => {
    const remove = (): void => {
      chosen = chosen.filter((other) => other !== file);
      show();
      input.focus();
    };
    const button = makeButton({ 'aria-label': `Remove ${file.name}` }, remove, '×');
    return showFile({ name: file.name, sizeBytes: file.size }, button);
  };
  const add = (files: Iterable<File>): void => {
    chosen = [...(max === 1 ? [] : chosen), ...files].slice(0, max);
    show();
  };

  input.addEventListener('change', () => {
    add(input.files ?? []);
    input.value = '';
  });
  for (const type of ['dragover', 'dragleave', 'drop']) {
    target.addEventListener(type, (event) => {
      event.preventDefault();
      target.classList.toggle('dragging', type === 'dragover');
      if (type === 'drop') add((event as DragEvent).dataTransfer?.files ?? []);
    });
  }
  const opener = make('span', { class: 'opener' }, input, make('label', { for: id }, icon('clip'), label));
  return { list, opener, files: () => chosen, add, clear: () => add((chosen = [])) };
}

/** A file as a chip: its name and size. */
export function showFile(
  { name, sizeBytes, isGone }: { name: string; sizeBytes: number; isGone?: boolean },
  ...end: Node[]
): HTMLLIElement {
  const size = make('small', {}, isGone ? 'no longer there' : formatSize(sizeBytes));
  return make('li', {}, icon('file'), make('bdi', {}, name), size, ...end);
}
