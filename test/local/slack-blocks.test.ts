import { afterEach, beforeEach, expect, test } from 'vitest';

import { GENERAL, modal, SlackRig } from './slack-rig.js';

const [MODALS, BLOCKS] = ['docs.slack.dev/surfaces/modals', 'docs.slack.dev/reference/block-kit'];

let rig: SlackRig;

beforeEach(async () => {
  rig = await SlackRig.start();
});

afterEach(() => rig.stop());

const text = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
const section = { type: 'section', text: text(1) };
const button = (fields: object) => ({
  type: 'actions',
  elements: [{ type: 'button', text: text(1), action_id: 'a', ...fields }],
});
const input = (element: object) => ({ type: 'input', label: text(1), element });
const file = { type: 'file_input', action_id: 'f' };

test.each([
  [`${BLOCKS}: up to 50 blocks in each message`, Array(51).fill(section), 'no more than 50'],
  [
    `${BLOCKS}/composition-objects/text-object: 3000 characters`,
    [{ ...section, text: text(3001) }],
    'less than 3001 characters [json-pointer:/blocks/0/text/text]',
  ],
  [
    `${BLOCKS}/composition-objects/text-object: at least 1`,
    [{ ...section, text: text(0) }],
    '/blocks/0/text/text',
  ],
  [
    `${BLOCKS}/blocks/section-block: ten fields`,
    [{ type: 'section', fields: Array(11).fill(text(1)) }],
    'no more than 10',
  ],
  [`${BLOCKS}/blocks/section-block: text or fields`, [{ type: 'section' }], 'must provide'],
  [`${BLOCKS}/blocks/header-block: 150 characters`, [{ type: 'header', text: text(151) }], 'less than 151'],
  [
    `${BLOCKS}/blocks/actions-block: 25 elements`,
    [{ type: 'actions', elements: Array(26).fill({ type: 'button', text: text(1) }) }],
    'no more than 25',
  ],
  [`${BLOCKS}/block-elements/button-element: text 75`, [button({ text: text(76) })], 'less than 76'],
  [
    `${BLOCKS}/block-elements/button-element: value 2000`,
    [button({ value: 'x'.repeat(2001) })],
    'less than 2001',
  ],
  [`${BLOCKS}/block-elements: action_id 255`, [button({ action_id: 'x'.repeat(256) })], 'less than 256'],
  [`${BLOCKS}/blocks: block_id 255`, [{ ...section, block_id: 'x'.repeat(256) }], 'less than 256'],
  [
    `${BLOCKS}/blocks: block_id unique`,
    [
      { ...section, block_id: 'x' },
      { ...section, block_id: 'x' },
    ],
    'already exists',
  ],
  [
    `${BLOCKS}/block-elements: action_id unique in a block`,
    [{ type: 'actions', elements: [1, 2].map(() => button({}).elements[0]) }],
    'already exists',
  ],
  [`${BLOCKS}: unknown block type`, [{ type: 'sektion' }], 'unsupported type'],
  [`${BLOCKS}: unknown element type`, [{ ...section, accessory: { type: 'lever' } }], 'unsupported type'],
  [`${BLOCKS}: unknown property`, [{ ...section, colour: 'red' }], 'invalid additional property: colour'],
  [`${BLOCKS}/file-input-element: not in a message`, [input(file)], 'unsupported type'],
])('%s', async (_rule, blocks, message) => {
  const { body } = await rig.call('chat.postMessage', { channel: GENERAL, text: 'x', blocks });
  expect(body).toMatchObject({ ok: false, error: 'invalid_blocks' });
  expect(JSON.stringify(body.response_metadata)).toContain(message);
});

test.each([
  [
    `${MODALS}: title 24 characters`,
    { title: text(25) },
    'less than 25 characters [json-pointer:/view/title/text]',
  ],
  [
    `${MODALS}: submit is required with an input block`,
    { submit: undefined, blocks: [input(file)] },
    'submit',
  ],
  [`${MODALS}: 100 blocks`, { blocks: Array(101).fill(section) }, 'no more than 100'],
  [`${MODALS}: private_metadata 3000`, { private_metadata: 'x'.repeat(3001) }, 'less than 3001'],
  [`${MODALS}: callback_id 255`, { callback_id: 'x'.repeat(256) }, 'less than 256'],
  [
    `${BLOCKS}/file-input-element: max_files 1 to 10`,
    { blocks: [input({ ...file, max_files: 11 })] },
    '/view/blocks/0/element/max_files',
  ],
  [
    `${BLOCKS}/file-input-element: only in an input block`,
    { blocks: [{ type: 'actions', elements: [file] }] },
    'unsupported type',
  ],
  [
    'methods/views.open: a home view is not opened',
    { type: 'home', title: undefined, submit: undefined },
    'modal',
  ],
])('%s', async (_rule, change, message) => {
  const { body } = await rig.call('views.open', { trigger_id: 'x', view: modal(change) });
  expect(body).toMatchObject({ ok: false, error: 'invalid_arguments' });
  expect(JSON.stringify(body.response_metadata)).toContain(message);
});

test('methods/views.open: view_too_large over 250 KB', async () => {
  const blocks = Array(90).fill({ ...section, text: text(2900) });
  expect(await rig.refused('views.open', { trigger_id: 'x', view: modal({ blocks }) })).toBe(
    'view_too_large',
  );
});
