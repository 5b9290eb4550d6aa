import { extname } from 'node:path';

import { elementsOf, type Element } from './blocks-validation.js';
import { fileInMessage, saveFile, type StoredFile } from './files.js';
import type { OpenView } from './views.js';
import type { SlackWorld } from './world.js';

const MAX_FILE_BYTES = 10 * 1024 * 1024;

export interface Filled {
  /** What the person typed or picked, by action id; several values for checkboxes. */
  values?: Record<string, string | string[]> | undefined;
  /** Ids of uploaded files, by action id. */
  files?: Record<string, string[]> | undefined;
}

/** The `state.values` of a view: what was filled in, else the initial values. */
export function formState(world: SlackWorld, open: OpenView, filled: Filled): Record<string, unknown> {
  const state: Record<string, Record<string, unknown>> = {};
  for (const block of open.content.blocks) {
    for (const element of elementsOf(block)) {
      if (element.type === 'button' || element.type === 'overflow') continue;
      const picked = pickedValue(element, valuesOf(element, filled));
      const files = filesOf(world, element, filled).map((file) => fileInMessage(world, file));
      const value = element.type === 'file_input' ? { files } : picked;
      (state[block.block_id ?? ''] ??= {})[element.action_id ?? ''] = { type: element.type, ...value };
    }
  }
  return state;
}

/** Refuses what Slack's form refuses before the app hears of it, then gives the app the files. @throws Error in words */
export async function submitForm(world: SlackWorld, open: OpenView, filled: Filled): Promise<void> {
  const handedOver: StoredFile[] = [];
  for (const block of open.content.blocks) {
    if (block.type !== 'input') continue;
    const { element, optional } = block;
    const [values, files] = [valuesOf(element, filled), filesOf(world, element, filled)];
    if (!optional && !values.length && !files.length)
      throw new Error(`${String(element.action_id)} is required`);
    if (element.type === 'plain_text_input' && (values[0] ?? '').length > (element.max_length ?? 3000)) {
      throw new Error(`${String(element.action_id)} is too long`);
    }
    if (element.type === 'file_input') refuseFiles(files, element.max_files, element.filetypes);
    handedOver.push(...files);
  }
  for (const file of handedOver) await saveFile(world, { ...file, isGivenToApp: true });
}

/** What `actions[0]` says of a pressed or changed element. */
export function actionValue(element: Element, value: string | string[] | undefined): Record<string, unknown> {
  if (element.type === 'button') return { text: element.text, value: element.value, style: element.style };
  return pickedValue(element, value === undefined ? [] : [value].flat());
}

function pickedValue(element: Element, values: string[]): Record<string, unknown> {
  if (!('options' in element)) return { value: values[0] ?? null };
  const picked = values.map((value) => {
    const option = element.options.find((each) => each.value === value);
    if (!option) throw new Error(`${String(element.action_id)} offers no ${value}`);
    return option;
  });
  return element.type === 'checkboxes'
    ? { selected_options: picked }
    : { selected_option: picked[0] ?? null };
}

function valuesOf(element: Element, { values }: Filled): string[] {
  const given = values?.[element.action_id ?? ''];
  if (given !== undefined) return [given].flat().filter((value) => value !== '');
  if ('initial_options' in element) return element.initial_options?.map((option) => option.value) ?? [];
  if ('initial_option' in element) return element.initial_option ? [element.initial_option.value] : [];
  return 'initial_value' in element && element.initial_value ? [element.initial_value] : [];
}

function filesOf(world: SlackWorld, element: Element, { files }: Filled): StoredFile[] {
  return (files?.[element.action_id ?? ''] ?? []).flatMap((id) => world.files.get(id) ?? []);
}

// "There is a 10MB file size limit."
function refuseFiles(files: StoredFile[], maxFiles = 10, filetypes?: string[]): void {
  if (files.length > maxFiles) throw new Error(`you can upload up to ${maxFiles} files`);
  for (const { name, sizeBytes } of files) {
    if (sizeBytes > MAX_FILE_BYTES) throw new Error(`${name} is larger than 10 MB`);
    const isAccepted = filetypes?.includes(extname(name).slice(1).toLowerCase()) ?? true;
    if (!isAccepted) throw new Error(`${name} has a type that is not accepted`);
  }
}
