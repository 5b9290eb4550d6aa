import type { Embed } from '../../../discord/validate-message.js';
import type { CommandOption } from '../../../discord/validate-command.js';
import { readMarkdown, type NameOf } from './formatting.js';
import type { Choice, Control, Field, Part } from './scene.js';

/** A component as it travels; the double has checked what each type needs. */
export interface Component {
  type: number;
  custom_id?: string;
  label?: string;
  description?: string;
  content?: string;
  style?: number;
  url?: string;
  emoji?: { name?: string };
  disabled?: boolean;
  required?: boolean;
  placeholder?: string;
  value?: string;
  max_length?: number;
  max_values?: number;
  file_types?: string[];
  options?: { label: string; value: string; description?: string; default?: boolean }[];
  components?: Component[];
  component?: Component;
}

/** @see https://docs.discord.com/developers/components/reference#component-object-component-types */
const [ROW, BUTTON, SELECT, TEXT_INPUT, TEXT, LABEL, UPLOAD] = [1, 2, 3, 4, 10, 18, 19];
const STYLES: Readonly<Record<number, 'primary' | 'danger'>> = { 1: 'primary', 3: 'primary', 4: 'danger' };
const SUBCOMMAND_GROUP = 2;
const [INTEGER, BOOLEAN, NUMBER, ATTACHMENT] = [4, 5, 10, 11];
const KINDS: Readonly<Record<number, 'number' | 'boolean'>> = {
  [INTEGER]: 'number',
  [BOOLEAN]: 'boolean',
  [NUMBER]: 'number',
};

/** The components of a message or a modal. */
export function partsOfComponents(components: Component[], nameOf: NameOf): Part[] {
  return components.flatMap((it): Part[] => {
    const [first] = it.components ?? [];
    switch (it.type) {
      case TEXT:
        return [{ kind: 'text', pieces: readMarkdown(it.content ?? '', nameOf) }];
      case LABEL:
        return it.component ? [{ kind: 'field', field: fieldOf(it.component, it) }] : [];
      case ROW:
        return first?.type === TEXT_INPUT
          ? [{ kind: 'field', field: fieldOf(first, first) }]
          : [{ kind: 'controls', controls: (it.components ?? []).map(controlOf) }];
      default:
        return [];
    }
  });
}

/** An embed, without its colour and pictures. */
export function partsOfEmbed({ title, description, fields, footer }: Embed, nameOf: NameOf): Part[] {
  const text = (content: string, look?: 'heading' | 'quiet'): Part => {
    return { kind: 'text', pieces: readMarkdown(content, nameOf), ...(look && { look }) };
  };
  return [
    ...(title ? [text(title, 'heading')] : []),
    ...(description ? [text(description)] : []),
    ...(fields ?? []).map(({ name, value }) => text(`**${name}**\n${value}`)),
    ...(footer ? [text(footer.text, 'quiet')] : []),
  ];
}

/** The options of a command, each as a field; a subcommand's are its own. */
export function fieldsOfOptions(options: CommandOption[]): Field[] {
  return options
    .filter(({ type }) => type > SUBCOMMAND_GROUP)
    .map((option) => ({
      id: option.name,
      label: option.name,
      hint: option.description,
      isRequired: Boolean(option.required),
      error: '',
      input: inputOfOption(option),
      ...(KINDS[option.type] && { valueKind: KINDS[option.type] }),
    }));
}

function inputOfOption({ type, choices, max_length, file_types }: CommandOption): Field['input'] {
  if (type === ATTACHMENT) return { kind: 'files', max: 1, accept: acceptOf(file_types ?? []) };
  const offered = type === BOOLEAN ? ['true', 'false'].map((value) => ({ name: value, value })) : choices;
  if (offered?.length) {
    const options = offered.map(({ name, value }) => ({
      value: String(value),
      label: name,
      description: '',
    }));
    return { kind: 'choice', look: 'menu', options, chosen: [], placeholder: 'Choose' };
  }
  const isNumber = KINDS[type] === 'number';
  const maxLength = max_length ?? 6000;
  return { kind: 'text', type: isNumber ? 'number' : 'text', value: '', placeholder: '', maxLength };
}

function controlOf(it: Component): Control {
  const label = it.label ?? it.emoji?.name ?? it.placeholder ?? 'Choose';
  const about = { id: it.custom_id ?? '', groupId: '', label, confirm: null };
  if (it.type === BUTTON) {
    const input = { kind: 'button', style: STYLES[it.style ?? 2] ?? 'plain', url: it.url ?? null } as const;
    return { ...about, input, isDisabled: Boolean(it.disabled) };
  }
  // Selects of people, roles and channels are shown, and cannot be used: the double does not simulate them.
  return { ...about, input: choiceOf(it), isDisabled: Boolean(it.disabled) || it.type !== SELECT };
}

function fieldOf(it: Component, said: Component): Field {
  const about = { id: it.custom_id ?? '', label: said.label ?? '', error: '' };
  const hint = said === it ? '' : (said.description ?? '');
  return { ...about, hint, isRequired: it.required ?? true, input: inputOf(it) };
}

function inputOf(it: Component): Field['input'] {
  if (it.type === UPLOAD)
    return { kind: 'files', max: it.max_values ?? 1, accept: acceptOf(it.file_types ?? []) };
  if (it.type !== TEXT_INPUT) return choiceOf(it);
  return {
    kind: 'text',
    type: it.style === 2 ? 'lines' : 'text',
    value: it.value ?? '',
    placeholder: it.placeholder ?? '',
    maxLength: it.max_length ?? 4000,
  };
}

function choiceOf({ options = [], placeholder = 'Choose', max_values = 1 }: Component): Choice {
  return {
    kind: 'choice',
    look: max_values > 1 ? 'checkbox' : 'menu',
    options: options.map(({ value, label, description = '' }) => ({ value, label, description })),
    chosen: options.filter((option) => option.default).map(({ value }) => value),
    placeholder,
  };
}

function acceptOf(types: string[]): string {
  return types.map((type) => (type.startsWith('.') ? type : `${type}/*`)).join(',');
}
