import { createChoice } from './choices.js';
import { createFilePicker } from './file-picker.js';
import { make } from './make.js';
import type { Field, Filled } from './scene.js';

export interface ShownField {
  id: string;
  element: HTMLElement;
  values: () => string[];
  files: () => File[];
  /** Fills it in. */
  put: (values: string[], files: File[]) => void;
  /** What is wrong, at the field; '' for nothing. */
  say: (error: string) => void;
  focus: () => void;
}

let count = 0;

/** A field with its label, its hint and room for what is wrong with it. */
export function createField(field: Field): ShownField {
  const id = `field-${(count += 1)}`;
  const optional = field.isRequired ? [] : [make('small', {}, ' (optional)')];
  const error = make('p', { class: 'error', id: `${id}-error`, hidden: true });
  const hint = make('p', { class: 'hint', id: `${id}-hint`, hidden: !field.hint }, field.hint);
  const element = make('div', { class: 'field' }, make('label', { for: id }, field.label, ...optional));
  const { control, values, files, put, extra } = createInput(field, id, element);
  element.append(control, ...extra, hint, error);
  const input = element.querySelector<HTMLElement>(`#${id}`);
  input?.setAttribute('aria-describedby', `${id}-hint ${id}-error`);
  const say = (text: string): void => {
    error.textContent = text;
    error.hidden = !text;
    if (control.tagName !== 'FIELDSET') input?.toggleAttribute('aria-invalid', Boolean(text));
  };
  say(field.error);
  return { id: field.id, element, values, files, put, say, focus: () => input?.focus() };
}

/** What is filled in; null where a field is wrong, which then says so and has the focus. */
export function readFields(shown: readonly ShownField[], fields: readonly Field[]): Filled | null {
  const missing = shown.filter((it, index) => {
    const isEmpty = it.values().every((value) => value.trim() === '') && it.files().length === 0;
    const isMissing = isEmpty && Boolean(fields[index]?.isRequired);
    it.say(isMissing ? 'Please complete this field.' : '');
    return isMissing;
  });
  missing[0]?.focus();
  if (missing.length > 0) return null;
  const taken = (what: 'values' | 'files') => shown.map((it) => [it.id, it[what]()] as const);
  return {
    values: Object.fromEntries(taken('values')) as Filled['values'],
    files: Object.fromEntries(taken('files').filter(([, files]) => files.length > 0)) as Filled['files'],
  };
}

type Input = Pick<ShownField, 'values' | 'files' | 'put'> & { control: HTMLElement; extra: HTMLElement[] };

function createInput({ input, label }: Field, id: string, target: HTMLElement): Input {
  const noFiles = { files: () => [], extra: [] };
  switch (input.kind) {
    case 'files': {
      const { max, accept } = input;
      const text = max > 1 ? `Choose files, up to ${max}` : 'Choose a file';
      const picker = createFilePicker(target, { label: text, max, accept, id });
      const { opener, list, files, add } = picker;
      return { control: opener, extra: [list], values: () => [], files, put: (_, given) => add(given) };
    }
    case 'choice': {
      const { element, values, put } = createChoice(input, { id, label, isDisabled: false });
      return { ...noFiles, control: element, values, put };
    }
    case 'text': {
      const { type, value, placeholder, maxLength } = input;
      const about = { id, placeholder, maxlength: maxLength };
      const control =
        type === 'lines'
          ? make('textarea', { ...about, rows: 3 })
          : make('input', { ...about, type, step: 'any' });
      control.value = value;
      return {
        ...noFiles,
        control,
        values: () => [control.value],
        put: ([text = '']) => (control.value = text),
      };
    }
  }
}
