import * as z from 'zod';

import { invalidFormBody, parseBody } from './discord-error.js';
import {
  allComponents,
  customId,
  fail,
  hasDuplicateCustomId,
  select,
  textDisplay,
  type Component,
} from './validate-message.js';

/** A modal that a person sees; its components are numbered by `id`. */
export interface Modal {
  custom_id: string;
  title: string;
  components: Component[];
}

const length = z.int().min(0).max(4000).nullish();
const textInput = z.looseObject({
  type: z.literal(4),
  custom_id: customId,
  style: z.literal([1, 2]),
  label: z.string().max(45).nullish(),
  min_length: length,
  max_length: length,
  value: z.string().max(4000).nullish(),
  placeholder: z.string().max(100).nullish(),
});
const fileUpload = z.looseObject({
  type: z.literal(19),
  custom_id: customId,
  min_values: z.int().min(0).max(10).nullish(),
  max_values: z.int().min(1).max(10).nullish(),
  file_types: z.array(z.string()).max(10).nullish(),
});

/** @see https://docs.discord.com/developers/components/reference#label */
const label = z
  .looseObject({
    type: z.literal(18),
    label: z.string().min(1).max(45),
    description: z.string().max(100).nullish(),
    component: z.discriminatedUnion('type', [textInput, fileUpload, select]),
  })
  .superRefine(({ component }, context) => {
    const hasOwnLabel = component.type === 4 && component.label;
    if (hasOwnLabel) fail(context, ['component', 'label'], 'TEXT_INPUT_LABEL_INSIDE_LABEL');
  });
const actionRow = z.looseObject({
  type: z.literal(1),
  components: z.array(textInput.extend({ label: z.string().min(1).max(45) })).length(1),
});
const modal = z.looseObject({
  custom_id: customId,
  title: z.string().min(1).max(45),
  components: z
    .array(z.discriminatedUnion('type', [label, actionRow, textDisplay]))
    .min(1)
    .max(5),
});

/**
 * Reads the data of a MODAL answer and numbers its components.
 * @throws DiscordError 50035 when a limit is broken.
 * @see https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
 */
export function parseModal(body: unknown): Modal {
  const parsed = parseBody(modal, body, ['data']) as unknown as Modal;
  const components = allComponents(parsed.components);
  if (hasDuplicateCustomId(components)) {
    throw invalidFormBody([{ path: ['data', 'components'], code: 'COMPONENT_CUSTOM_ID_DUPLICATED' }]);
  }
  components.forEach((it, index) => (it.id = index + 1));
  return parsed;
}
