import { make } from './make.js';
import type { Choice } from './scene.js';

/** A menu, or a list of radio buttons or checkboxes. `label` is for those who hear it. */
export function createChoice(
  choice: Choice,
  { id, label, isDisabled }: { id: string; label: string; isDisabled: boolean },
): { element: HTMLElement; values: () => string[]; put: (values: string[]) => void } {
  const { look, options, chosen, placeholder } = choice;
  if (look === 'menu') {
    const none = make('option', { value: '' }, placeholder);
    const offered = options.map(({ value, label: text }) =>
      make('option', { value, selected: chosen.includes(value) }, text),
    );
    const select = make(
      'select',
      { id, 'aria-label': label || placeholder, disabled: isDisabled },
      none,
      ...offered,
    );
    return {
      element: select,
      values: () => (select.value ? [select.value] : []),
      put: ([value = '']) => (select.value = value),
    };
  }
  const rows = options.map(({ value, label: text, description }) => {
    const isChosen = chosen.includes(value);
    const input = make('input', { type: look, name: id, value, checked: isChosen, disabled: isDisabled });
    return make('label', { class: 'option' }, input, make('span', {}, text), make('small', {}, description));
  });
  const element = make(
    'fieldset',
    { id, class: 'options' },
    make('legend', { class: 'unseen' }, label),
    ...rows,
  );
  const inputs = [...element.querySelectorAll('input')];
  return {
    element,
    values: () => inputs.filter(({ checked }) => checked).map(({ value }) => value),
    put: (values) => inputs.forEach((input) => (input.checked = values.includes(input.value))),
  };
}
