import { html, type Html } from '../../core/html.js';
import type { FormErrors } from '../forms.js';

export interface TextField {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  value?: string;
  autocomplete: string;
  hint?: string;
  isFirst?: boolean;
}

/** A labelled input, with its hint and what is wrong with it tied to it for screen readers. */
export function textField(field: TextField, errors: FormErrors): Html {
  const { name, label, type = 'text', value = '', autocomplete, hint, isFirst } = field;
  const error = errors[name];
  const notes = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ');
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      autocomplete="${autocomplete}"
      required${notes && html` aria-describedby="${notes}"`}${error && html` aria-invalid="true"`}${isFirst && html` autofocus`}
    />
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${error && html`<p class="error" id="${name}-error">${error}</p>`}
  </div>`;
}

/** What is wrong with the form as a whole, read out at once. */
export function formAlert(errors: FormErrors): Html | undefined {
  if (errors['form']) return html`<p class="alert" role="alert">${errors['form']}</p>`;
  const count = Object.keys(errors).length;
  if (count === 0) return undefined;
  return html`<p class="alert" role="alert">
    ${count === 1 ? 'One entry needs' : `${count} entries need`} another look.
  </p>`;
}
