import { attachmentObject } from './cdn.js';
import { ownFile } from './command-options.js';
import type { Component } from './validate-message.js';
import type { Modal } from './validate-modal.js';
import type { World } from './world.js';

type Values = Record<string, string | string[]>;

/**
 * The `components` and `resolved` of a modal's submission, in the shape of the modal.
 * @throws Error when the client would not submit: an unknown field, a missing one, a wrong length or count.
 * @see https://docs.discord.com/developers/components/using-modal-components
 */
export function modalValues(
  world: World,
  userId: string,
  modal: Modal,
  values: Values,
  files: Record<string, string[]>,
): { components: object[]; resolved: object } {
  const given: Values = { ...values, ...files };
  const attachments: Record<string, object> = {};
  const known = new Set<string>();

  function submitted(field: Component): object {
    const { id, type, custom_id = '' } = field;
    known.add(custom_id);
    const value = given[custom_id];
    const about = { id, type, custom_id };
    if (type === 4) return { ...about, value: text(field, value) };
    if (type !== 19) return { ...about, values: chosen(field, value) };
    const fileIds = counted(field, value);
    for (const fileId of fileIds) {
      attachments[fileId] = attachmentObject(world, ownFile(world, userId, fileId, field.file_types), true);
    }
    return { ...about, values: fileIds };
  }

  const components = modal.components.map(({ id, type, component, components: inRow }) => ({
    id,
    type,
    ...(component && { component: submitted(component) }),
    ...(inRow && { components: inRow.map(submitted) }),
  }));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown) throw new Error(`The modal has no field "${unknown}"`);
  return { components, resolved: Object.keys(attachments).length > 0 ? { attachments } : {} };
}

function text(field: Component, value: Values[string] | undefined): string {
  const result = typeof value === 'string' ? value : (field.value ?? '');
  const isMissing = result === '' && field.required !== false;
  const isTooShort = result !== '' && result.length < (field.min_length ?? 0);
  if (isMissing || isTooShort || result.length > (field.max_length ?? 4000))
    throw new Error(`Field "${field.custom_id ?? ''}" may not be ${result.length} characters long`);
  return result;
}

function chosen(field: Component, value: Values[string] | undefined): string[] {
  // What is chosen beforehand stays chosen.
  const before = field.options?.filter((option) => option.default).map((option) => option.value);
  const result = counted(field, typeof value === 'string' ? [value] : (value ?? before));
  const unknown = result.find((it) => !field.options?.some((option) => option.value === it));
  if (unknown) throw new Error(`Field "${field.custom_id ?? ''}" has no option "${unknown}"`);
  return result;
}

function counted(field: Component, value: Values[string] | undefined): string[] {
  const result = Array.isArray(value) ? value : [];
  const isOptional = field.required === false && result.length === 0;
  const isTooFew = !isOptional && result.length < (field.min_values ?? 1);
  if (isTooFew || result.length > (field.max_values ?? 1))
    throw new Error(`Field "${field.custom_id ?? ''}" may not have ${result.length} values`);
  return result;
}
