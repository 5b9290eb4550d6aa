import type { Block, Element } from '../../../slack/blocks-validation.js';
import { readMrkdwn, readPlain, type NameOf } from './formatting.js';
import type { Choice, Control, Field, Part, Piece, Question } from './scene.js';

interface Text {
  type: 'plain_text' | 'mrkdwn';
  text: string;
}
type Asked = Extract<Block, { type: 'input' }>;
type Option = { text: Text; value: string; description?: { text: string } | undefined };

/** Block Kit as far as the double accepts it. `errors` are what the app said of a modal's fields, by block id. */
export function partsOfBlocks(blocks: Block[], nameOf: NameOf, errors: Record<string, string> = {}): Part[] {
  const read = ({ type, text }: Text): Piece[] =>
    type === 'mrkdwn' ? readMrkdwn(text, nameOf) : [readPlain(text)];
  return blocks.flatMap((block): Part[] => {
    const groupId = block.block_id ?? '';
    switch (block.type) {
      case 'section': {
        const beside = block.accessory && { beside: controlOf(block.accessory, groupId, read) };
        const text: Part[] =
          block.text || beside
            ? [{ kind: 'text', pieces: block.text ? read(block.text) : [], ...beside }]
            : [];
        return block.fields ? [...text, { kind: 'columns', cells: block.fields.map(read) }] : text;
      }
      case 'actions':
        return [{ kind: 'controls', controls: block.elements.map((each) => controlOf(each, groupId, read)) }];
      case 'context':
        return [
          { kind: 'text', look: 'quiet', pieces: block.elements.flatMap((text) => [...read(text), ' ']) },
        ];
      case 'header':
        return [{ kind: 'text', look: 'heading', pieces: read(block.text) }];
      case 'divider':
        return [{ kind: 'divider' }];
      case 'input':
        return [{ kind: 'field', field: fieldOf(block, errors[groupId] ?? '') }];
    }
  });
}

function controlOf(element: Element, groupId: string, read: (text: Text) => Piece[]): Control {
  const { action_id: id = '' } = element;
  const about = { id, groupId, isDisabled: false, confirm: questionOf(element, read) };
  if (element.type === 'button') {
    const { style = 'plain', url = null, text } = element;
    return { ...about, label: plain(text), input: { kind: 'button', style, url } };
  }
  // The double accepts none of the elements that are typed into or hold files outside of an input block.
  const input = 'options' in element ? choiceOf(element) : choiceOf({ type: 'overflow', options: [] });
  return { ...about, label: input.placeholder, input };
}

function fieldOf({ element, label, hint, optional }: Asked, error: string): Field {
  const about = { id: element.action_id ?? '', label: plain(label), isRequired: !optional, error };
  return { ...about, hint: hint ? plain(hint) : '', input: inputOf(element) };
}

function inputOf(element: Asked['element']): Field['input'] {
  if (element.type === 'file_input') {
    const accept = (element.filetypes ?? []).map((type) => `.${type}`).join(',');
    return { kind: 'files', max: element.max_files ?? 10, accept };
  }
  if ('options' in element) return choiceOf(element);
  const isLong = 'multiline' in element && element.multiline;
  return {
    kind: 'text',
    type: element.type === 'email_text_input' ? 'email' : isLong ? 'lines' : 'text',
    value: element.initial_value ?? '',
    placeholder: element.placeholder ? plain(element.placeholder) : '',
    maxLength: 'max_length' in element ? (element.max_length ?? 3000) : 3000,
  };
}

const LOOKS = {
  radio_buttons: 'radio',
  checkboxes: 'checkbox',
  static_select: 'menu',
  overflow: 'menu',
} as const;

interface Choosable {
  type: keyof typeof LOOKS;
  options: Option[];
  initial_option?: Option | undefined;
  initial_options?: Option[] | undefined;
  placeholder?: { text: string } | undefined;
}

function choiceOf({
  type,
  options,
  initial_option: one,
  initial_options: many,
  placeholder,
}: Choosable): Choice {
  return {
    kind: 'choice',
    look: LOOKS[type],
    options: options.map(({ value, text, description }) => {
      return { value, label: plain(text), description: description ? plain(description) : '' };
    }),
    chosen: (many ?? (one ? [one] : [])).map(({ value }) => value),
    placeholder: placeholder ? plain(placeholder) : type === 'overflow' ? 'More' : 'Choose',
  };
}

function questionOf(element: Element, read: (text: Text) => Piece[]): Question | null {
  if (!('confirm' in element) || !element.confirm) return null;
  const { title, text, confirm, deny } = element.confirm;
  return { title: plain(title), text: read(text), yes: plain(confirm), no: plain(deny) };
}

function plain({ text }: { text: string }): string {
  return readPlain(text);
}
