import { readFields, type ShownField } from './fields.js';
import { find, make, makeButton } from './make.js';
import type { Control, Field, Filled, Modal, Question } from './scene.js';
import { showParts } from './show-parts.js';
import { showText } from './show-text.js';

export interface ModalActs {
  use: (control: Control, values: string[], filled: Filled) => void;
  submit: (filled: Filled) => void;
  dismiss: () => void;
}

export interface ModalWindow {
  /** Shows a modal, or none. What was typed stays while it is the same one. */
  show: (modal: Modal | null, acts: ModalActs) => void;
  /** While a submission is on its way; after it, the fields say what the app said of them. */
  setBusy: (isBusy: boolean) => void;
  fail: (message: string) => void;
}

/** The one window for modals. */
export function createModalWindow(): ModalWindow {
  const dialog = find('modal', HTMLDialogElement);
  const alert = make('p', { class: 'alert', role: 'alert', hidden: true });
  let shown: Modal | null = null;
  let acts: ModalActs | null = null;
  let fields: ShownField[] = [];
  let submit: HTMLButtonElement | null = null;
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    acts?.dismiss();
  });

  function build(modal: Modal): void {
    const { elements, fields: built } = showParts(modal.parts, (control, values) =>
      acts?.use(control, values, filledIn(fields)),
    );
    if (shown?.id === modal.id) keepTyped(fields, built);
    fields = built;
    const close = makeButton({}, () => acts?.dismiss(), modal.close);
    submit = modal.submit === null ? null : make('button', { class: 'primary' }, modal.submit);
    const foot = make('footer', {}, close, ...(submit ? [submit] : []));
    const form = make('form', { novalidate: true }, ...elements, alert, foot);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      say('');
      const filled = readFields(fields, fieldsOf(modal));
      if (filled) acts?.submit(filled);
    });
    dialog.replaceChildren(make('h2', { id: 'modal-title' }, modal.title), form);
  }

  function say(message: string): void {
    alert.textContent = message;
    alert.hidden = !message;
  }

  return {
    show(modal, given) {
      acts = given;
      if (!modal) dialog.close();
      else if (shown?.id !== modal.id || shown.revision !== modal.revision) {
        build(modal);
        say('');
        if (!dialog.open) dialog.showModal();
      }
      shown = modal;
    },
    setBusy(isBusy) {
      if (submit) submit.disabled = isBusy;
      submit?.setAttribute('aria-busy', String(isBusy));
      if (!isBusy && shown) sayErrors(fields, fieldsOf(shown));
    },
    fail: say,
  };
}

/** Asks before something is done that the app wants confirmed. */
export function askFirst({ title, text, yes, no }: Question): Promise<boolean> {
  const dialog = find('question', HTMLDialogElement);
  return new Promise((resolve) => {
    const answer = (isYes: boolean) => (): void => {
      resolve(isYes);
      dialog.close();
    };
    dialog.onclose = answer(false);
    const foot = make(
      'footer',
      {},
      makeButton({}, answer(false), no),
      makeButton({ class: 'primary' }, answer(true), yes),
    );
    const heading = make('h2', { id: 'question-title' }, title);
    dialog.replaceChildren(heading, make('p', {}, ...showText(text)), foot);
    dialog.showModal();
  });
}

function fieldsOf({ parts }: Modal): Field[] {
  return parts.flatMap((part) => (part.kind === 'field' ? [part.field] : []));
}

function filledIn(fields: readonly ShownField[]): Filled {
  const values = Object.fromEntries(fields.map((it) => [it.id, it.values()]));
  return { values, files: Object.fromEntries(fields.map((it) => [it.id, it.files()])) };
}

/** What the app said of the fields; the first that is wrong gets the focus. */
function sayErrors(shown: readonly ShownField[], fields: readonly Field[]): void {
  fields.forEach(({ error }, index) => shown[index]?.say(error));
  shown[fields.findIndex(({ error }) => error)]?.focus();
}

/** A field of the same name goes on with what it held. */
function keepTyped(before: readonly ShownField[], now: readonly ShownField[]): void {
  for (const field of now) {
    const old = before.find(({ id }) => id === field.id);
    if (old) field.put(old.values(), old.files());
  }
}
