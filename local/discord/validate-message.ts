import * as z from 'zod';

import { invalidFormBody, parseBody } from './discord-error.js';

/** Message flags. @see https://docs.discord.com/developers/resources/message#message-object-message-flags */
export const EPHEMERAL = 1 << 6;
export const LOADING = 1 << 7;
const SUPPRESS_EMBEDS = 1 << 2;
const SUPPRESS_NOTIFICATIONS = 1 << 12;
const IS_COMPONENTS_V2 = 1 << 15;
const SETTABLE_FLAGS = EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_COMPONENTS_V2;
const MAX_COMPONENTS_V2 = 40;
const MAX_ROWS = 5;
const MAX_EMBED_CHARACTERS = 6000;

/** A component of a message or a modal, as far as the double looks into it. */
export interface Component {
  type: number;
  id?: number;
  custom_id?: string;
  value?: string;
  disabled?: boolean;
  required?: boolean;
  min_values?: number;
  max_values?: number;
  min_length?: number;
  max_length?: number;
  file_types?: string[];
  options?: { value: string; default?: boolean | undefined }[];
  components?: Component[];
  component?: Component;
}
export type Embed = z.infer<typeof embed>;
export interface MessageBody {
  content?: string | null | undefined;
  embeds?: Embed[] | null | undefined;
  components?: Component[] | null | undefined;
  flags?: number | null | undefined;
}

export const customId = z.string().min(1).max(100);
const short = z.string().min(1).max(100);

/** @see https://docs.discord.com/developers/components/reference#string-select */
export const select = z
  .looseObject({
    type: z.literal([3, 5, 6, 7, 8]),
    custom_id: customId,
    placeholder: z.string().max(150).nullish(),
    min_values: z.int().min(0).max(25).nullish(),
    max_values: z.int().min(1).max(25).nullish(),
    options: z
      .array(
        z.looseObject({
          label: short,
          value: short,
          description: z.string().max(100).nullish(),
          default: z.boolean().optional(),
        }),
      )
      .min(1)
      .max(25)
      .nullish(),
  })
  .superRefine((it, context) => {
    if (it.type === 3 && !it.options) fail(context, ['options'], 'BASE_TYPE_REQUIRED');
  });

const button = z
  .looseObject({
    type: z.literal(2),
    style: z.int().min(1).max(5),
    label: z.string().max(80).nullish(),
    custom_id: customId.nullish(),
    url: z
      .url({ protocol: /^(https?|discord)$/ })
      .max(512)
      .nullish(),
    emoji: z.unknown().optional(),
  })
  .superRefine((it, context) => {
    const [wanted, other] =
      it.style === 5 ? (['url', 'custom_id'] as const) : (['custom_id', 'url'] as const);
    if (!it.label && !it.emoji) fail(context, ['label'], 'BUTTON_COMPONENT_INVALID_LABEL');
    if (!it[wanted]) fail(context, [wanted], 'BASE_TYPE_REQUIRED');
    if (it[other]) fail(context, [other], 'BUTTON_COMPONENT_STYLE_MISMATCH');
  });

const actionRow = z
  .looseObject({
    type: z.literal(1),
    components: z
      .array(z.discriminatedUnion('type', [button, select]))
      .min(1)
      .max(5),
  })
  .superRefine(({ components }, context) => {
    const isMixed = components.length > 1 && components.some((it) => it.type !== 2);
    if (isMixed) fail(context, ['components'], 'COMPONENT_LAYOUT_WIDTH_EXCEEDED');
  });
export const textDisplay = z.looseObject({ type: z.literal(10), content: z.string().min(1).max(4000) });

/** @see https://docs.discord.com/developers/resources/message#embed-object-embed-limits */
const embed = z.looseObject({
  title: z.string().max(256).nullish(),
  description: z.string().max(4096).nullish(),
  fields: z
    .array(z.looseObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(1024) }))
    .max(25)
    .nullish(),
  footer: z.looseObject({ text: z.string().max(2048) }).nullish(),
  author: z.looseObject({ name: z.string().max(256) }).nullish(),
});

const messageBody = z.looseObject({
  content: z.string().max(2000).nullish(),
  embeds: z.array(embed).max(10).nullish(),
  components: z.array(z.discriminatedUnion('type', [actionRow, textDisplay])).nullish(),
  flags: z.int().nullish(),
});

/**
 * Reads the body of a message that is made or edited; `presentFlags` are those of the message before the edit.
 * @throws DiscordError 50035 when a limit of the message, its embeds or its components is broken.
 * @see https://docs.discord.com/developers/resources/message#create-message
 */
export function parseMessage(body: unknown, at: string[] = [], presentFlags = 0): MessageBody {
  const message = parseBody(messageBody, body, at) as MessageBody;
  const flags = (message.flags ?? 0) | (presentFlags & IS_COMPONENTS_V2);
  const isV2 = Boolean(flags & IS_COMPONENTS_V2);
  const topLevel = message.components ?? [];
  const components = allComponents(topLevel);
  const rules: [isBroken: boolean, field: string, code: string][] = [
    [Boolean(flags & ~SETTABLE_FLAGS), 'flags', 'MESSAGE_FLAGS_INVALID'],
    [
      isV2 && Boolean(message.content ?? message.embeds?.length),
      'content',
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS',
    ],
    [isV2 && components.length > MAX_COMPONENTS_V2, 'components', 'COMPONENT_MAX_TOTAL_COMPONENTS'],
    [!isV2 && topLevel.length > MAX_ROWS, 'components', 'BASE_TYPE_BAD_LENGTH'],
    [!isV2 && topLevel.some((it) => it.type !== 1), 'components', 'UNION_TYPE_CHOICES'],
    [hasDuplicateCustomId(components), 'components', 'COMPONENT_CUSTOM_ID_DUPLICATED'],
    [embedCharacters(message.embeds ?? []) > MAX_EMBED_CHARACTERS, 'embeds', 'MAX_EMBED_SIZE_EXCEEDED'],
  ];
  const wrong = rules.flatMap(([isBroken, field, code]) =>
    isBroken ? [{ path: [...at, field], code }] : [],
  );
  if (wrong.length > 0) throw invalidFormBody(wrong);
  return message;
}

/** Every component of a tree, parents first. */
export function allComponents(components: Component[]): Component[] {
  return components.flatMap((it) => [
    it,
    ...allComponents([...(it.components ?? []), ...(it.component ? [it.component] : [])]),
  ]);
}

/** True when two components share a custom_id. */
export function hasDuplicateCustomId(components: Component[]): boolean {
  const ids = components.flatMap((it) => it.custom_id ?? []);
  return new Set(ids).size < ids.length;
}

/** Adds an issue with a Discord error code to a Zod refinement. */
export function fail(context: z.RefinementCtx, path: PropertyKey[], code: string): void {
  context.addIssue({ code: 'custom', path, params: { code } });
}

function embedCharacters(embeds: Embed[]): number {
  const ofFields = (it: Embed) => (it.fields ?? []).map(({ name, value }) => name + value);
  const texts = embeds.flatMap((it) => [
    it.title,
    it.description,
    it.footer?.text,
    it.author?.name,
    ...ofFields(it),
  ]);
  return texts.reduce((sum, text) => sum + (text ?? '').length, 0);
}
