import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { SlackError } from './slack-error.js';

const MAX_VIEW_BYTES = 250_000;

// Limits as docs.slack.dev/reference/block-kit and the comments of @slack/types state them. A type or a field that
// is missing here is refused, even where the real Slack knows it: add what the product starts to use.
const tagged = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...shape });
const flag = z.boolean().optional();
const chars = (max: number) => z.string().max(max).optional();
const count = (min: number, max: number) => z.int().min(min).max(max).optional();
const id = z.string().min(1).max(255).optional();
const block_id = id;
const style = z.enum(['primary', 'danger']).optional();
const text = (max: number) => z.string().min(1).max(max);
const plain = (max: number) => tagged('plain_text', { text: text(max), emoji: flag });
const mrkdwn = (max: number) => tagged('mrkdwn', { text: text(max), verbatim: flag });
const anyText = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);
const dialog = { title: plain(100), text: anyText(300), confirm: plain(30), deny: plain(30), style };
const described = { value: z.string().max(75), description: plain(75).optional() };
const option = z.strictObject({ text: anyText(75), ...described });
const options = (max: number) => z.array(option).min(1).max(max);

const placeholder = plain(150).optional();
const pressed = { action_id: id, confirm: z.strictObject(dialog).optional() };
const picked = { ...pressed, focus_on_load: flag, initial_option: option.optional() };
const typed = { action_id: id, focus_on_load: flag, placeholder, initial_value: chars(3000) };
const lengths = { multiline: flag, min_length: count(0, 3000), max_length: count(1, 3000) };
const filetypes = z.array(z.string()).min(1).optional();
const choices = [
  tagged('static_select', { ...picked, placeholder, options: options(100) }),
  tagged('radio_buttons', { ...picked, options: options(10) }),
  tagged('checkboxes', { ...pressed, options: options(10), initial_options: options(10).optional() }),
] as const;
const accessory = z.discriminatedUnion('type', [
  tagged('button', { ...pressed, text: plain(75), value: chars(2000), url: chars(3000), style }),
  tagged('overflow', { ...pressed, options: options(5) }),
  ...choices,
]);
const element = z.discriminatedUnion('type', [
  tagged('plain_text_input', { ...typed, ...lengths }),
  tagged('email_text_input', typed),
  tagged('file_input', { action_id: id, filetypes, max_files: count(1, 10) }),
  ...choices,
]);

const remark = z.discriminatedUnion('type', [plain(3000), mrkdwn(3000)]);
const body = { text: anyText(3000).optional(), fields: z.array(anyText(2000)).min(1).max(10).optional() };
const asked = { label: plain(2000), hint: plain(2000).optional(), optional: flag };
const section = tagged('section', { block_id, ...body, accessory: accessory.optional() });
const display = [
  section.refine((block) => block.text ?? block.fields, 'must provide `text` or `fields`'),
  tagged('actions', { block_id, elements: z.array(accessory).min(1).max(25) }),
  tagged('context', { block_id, elements: z.array(remark).min(1).max(10) }),
  tagged('divider', { block_id }),
  tagged('header', { block_id, text: plain(150) }),
] as const;
const block = z.discriminatedUnion('type', [...display, tagged('input', { block_id, ...asked, element })]);

const messageBlocks = z.array(z.discriminatedUnion('type', display)).max(50).superRefine(refuseDuplicates);
const blocks = z.array(block).max(100).superRefine(refuseDuplicates);
const common = { blocks, private_metadata: chars(3000), callback_id: chars(255), external_id: chars(255) };
const words = { title: plain(24), submit: plain(24).optional(), close: plain(24).optional() };
const closing = { clear_on_close: flag, notify_on_close: flag };
const modal = tagged('modal', { ...words, ...closing, ...common }).refine(
  (view) => view.submit ?? view.blocks.every(({ type }) => type !== 'input'),
  'missing required field: submit',
);
const view = z.discriminatedUnion('type', [modal, tagged('home', common)]);

export type View = z.infer<typeof view>;
export type Block = z.infer<typeof block>;
export type Element = z.infer<typeof element> | z.infer<typeof accessory>;

/** @throws SlackError view_too_large, or invalid_arguments with Slack's `[json-pointer:…]` messages */
export function parseView(raw: unknown, type: View['type']): View {
  if (Buffer.byteLength(JSON.stringify({ raw })) > MAX_VIEW_BYTES) throw new SlackError('view_too_large');
  const parsed = view.safeParse(raw);
  if (!parsed.success) throw invalid('invalid_arguments', '/view', parsed.error);
  if (parsed.data.type !== type)
    throw new SlackError('invalid_arguments', messages(`must be a ${type} view`));
  return { ...parsed.data, blocks: withIds(parsed.data.blocks) };
}

/** @throws SlackError invalid_blocks with Slack's `[json-pointer:…]` messages */
export function parseMessageBlocks(raw: unknown): Block[] {
  const parsed = messageBlocks.safeParse(raw);
  if (!parsed.success) throw invalid('invalid_blocks', '/blocks', parsed.error);
  return withIds(parsed.data);
}

/** The elements of a block that a person can press or fill in. */
export function elementsOf(of: Block): Element[] {
  if (of.type === 'input') return [of.element];
  if (of.type === 'actions') return of.elements;
  return of.type === 'section' && of.accessory ? [of.accessory] : [];
}

/** The `response_metadata` that explains a refusal. */
export function messages(...texts: string[]): Record<string, unknown> {
  return { response_metadata: { messages: texts.map((each) => `[ERROR] ${each}`) } };
}

function withIds(blocks: Block[]): Block[] {
  const named = structuredClone(blocks);
  for (const each of named) {
    each.block_id ??= randomBytes(4).toString('hex');
    for (const pressable of elementsOf(each)) pressable.action_id ??= randomBytes(4).toString('hex');
  }
  return named;
}

// An action_id "should be unique among all other action_ids in the containing block", a block_id in its surface.
function refuseDuplicates(all: Block[], context: z.RefinementCtx): void {
  const actionIds = all.map((each) => elementsOf(each).map((pressable) => pressable.action_id));
  for (const ids of [all.map((each) => each.block_id), ...actionIds]) {
    const twice = ids.find((each, i) => each !== undefined && ids.indexOf(each) !== i);
    if (twice) context.addIssue({ code: 'custom', message: `\`${twice}\` already exists` });
  }
}

function invalid(code: string, root: string, { issues }: z.ZodError): SlackError {
  const pointer = (issue: z.core.$ZodIssue): string => `[json-pointer:${[root, ...issue.path].join('/')}]`;
  return new SlackError(code, messages(...issues.map((issue) => `${describe(issue)} ${pointer(issue)}`)));
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') return 'unsupported type';
  if (issue.code === 'unrecognized_keys') return `invalid additional property: ${issue.keys.join(', ')}`;
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return `must be less than ${Number(issue.maximum) + 1} characters`;
  }
  return issue.code === 'too_big' ? `no more than ${issue.maximum} allowed` : issue.message;
}
