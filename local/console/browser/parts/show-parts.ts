import { createChoice } from './choices.js';
import { createField, type ShownField } from './fields.js';
import { make, makeButton } from './make.js';
import type { Control, Part } from './scene.js';
import { showText } from './show-text.js';

/** Something was pressed, or picked in a menu. */
export type OnUse = (control: Control, values: string[]) => void;

let count = 0;

/** What an app has put together, as elements; `fields` are those of them that are filled in. */
export function showParts(
  parts: readonly Part[],
  onUse: OnUse,
): { elements: HTMLElement[]; fields: ShownField[] } {
  const fields: ShownField[] = [];
  const elements = parts.map((part): HTMLElement => {
    switch (part.kind) {
      case 'text': {
        const { look = 'text', pieces, beside } = part;
        const text = make(look === 'heading' ? 'h3' : 'p', { class: look }, ...showText(pieces));
        return beside ? make('div', { class: 'beside' }, text, showControl(beside, onUse)) : text;
      }
      case 'columns':
        return make(
          'div',
          { class: 'columns' },
          ...part.cells.map((cell) => make('p', {}, ...showText(cell))),
        );
      case 'divider':
        return make('hr');
      case 'controls':
        return make('div', { class: 'controls' }, ...part.controls.map((it) => showControl(it, onUse)));
      case 'field': {
        const field = createField(part.field);
        fields.push(field);
        return field.element;
      }
    }
  });
  return { elements, fields };
}

function showControl(control: Control, onUse: OnUse): HTMLElement {
  const { id, groupId, label, input, isDisabled } = control;
  const about = { 'data-control': `${groupId}/${id}` };
  if (input.kind === 'choice') {
    const choice = createChoice(input, { id: `control-${(count += 1)}`, label, isDisabled });
    choice.element.addEventListener('change', () => onUse(control, choice.values()));
    choice.element.dataset['control'] = about['data-control'];
    return choice.element;
  }
  const use = (): void => onUse(control, []);
  if (input.url === null) {
    return makeButton({ ...about, class: input.style, disabled: isDisabled }, use, label);
  }
  const link = make(
    'a',
    { ...about, class: `button ${input.style}`, target: '_blank', rel: 'noopener noreferrer' },
    label,
  );
  if (/^https?:\/\//.test(input.url)) link.href = input.url;
  link.addEventListener('click', use);
  return link;
}
