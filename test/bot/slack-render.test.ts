import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUTTON_ACTIONS, decodeButton, type Button, type SpokenAnswer } from '../../bot/chat.js';
import { render } from '../../bot/slack/render.js';
import { parseMessageBlocks } from '../../local/slack/blocks-validation.js';
import { anyText, anyUrl } from '../support/any-text.js';

const button = (change: Partial<Button<string>> = {}): Button<string> => ({
  label: 'Send',
  action: 'send-draft',
  style: 'plain',
  ...change,
});
const answer = (change: Partial<SpokenAnswer>): SpokenAnswer => ({ lines: [], buttons: [], ...change });
const sections = (of: SpokenAnswer) =>
  render(of).blocks.flatMap((block) => (block.type === 'section' ? [block.text?.text ?? ''] : []));
const elements = (of: SpokenAnswer) =>
  render(of).blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));

test('a title is bold above its lines, in one section and in the text for notifications', () => {
  expect(render(answer({ title: 'Sent', lines: ['• a', '• b'] }))).toEqual({
    text: 'Sent\n• a\n• b',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '*Sent*\n• a\n• b', verbatim: true } }],
  });
});

test.each([
  ['<!channel> & <https://evil.test|you>', '&lt;!channel&gt; &amp; &lt;https://evil.test|you&gt;'],
  ['&lt;@U1&gt;', '&amp;lt;@U1&amp;gt;'],
])('%s is text and nothing else', (line, escaped) => {
  expect(sections(answer({ lines: [line] }))).toEqual([escaped]);
  expect(sections(answer({ title: line }))).toEqual([`*${escaped}*`]);
  expect(render(answer({ lines: [line] })).text).toBe(escaped);
});

test('long answers become several sections, and a line that is too long is cut between characters', () => {
  const lines = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(900));
  expect(sections(answer({ lines })).map((text) => text.length)).toEqual([2702, 2702, 2702, 900]);
  const [cut = ''] = sections(answer({ lines: ['<'.repeat(4000)] }));
  expect([cut.length <= 3000, /^(&lt;)+…$/.test(cut)]).toEqual([true, true]);
  expect(sections(answer({ lines: ['🙂'.repeat(2000)] }))[0]).toMatch(/^(🙂)+…$/u);
});

test('an answer without end is cut to the blocks that Slack takes, its buttons kept', () => {
  const lines = Array.from({ length: 60 }, () => 'x'.repeat(2900));
  const { blocks } = render(answer({ lines, buttons: [button()] }));
  expect([blocks.length, blocks.at(-1)?.type]).toEqual([50, 'actions']);
});

test('buttons say in their value what they mean, under ids of their own', () => {
  const buttons = [
    button({ id: 'd1', style: 'primary' }),
    button({ id: 'd2' }),
    button({ action: 'dismiss', style: 'danger' }),
  ];
  expect(elements(answer({ lines: ['?'], buttons }))).toMatchObject([
    { action_id: 'send-draft', value: 'send-draft:d1', style: 'primary' },
    { action_id: 'send-draft-1', value: 'send-draft:d2' },
    { action_id: 'dismiss', value: 'dismiss', style: 'danger' },
  ]);
});

test('five of the longest addresses fit into the value of Choose files', () => {
  const id = Array.from({ length: 5 }, (_, index) => `${index}${'a'.repeat(60)}@${'b'.repeat(188)}.com`).join(
    ' ',
  );
  const [element] = elements(answer({ lines: ['?'], buttons: [button({ action: 'choose-files', id })] }));
  expect(element?.type === 'button' && decodeButton(element.value ?? '')).toEqual({
    action: 'choose-files',
    id,
  });
});

test('a link is a button with its page', () => {
  const link = { label: 'Open the portal', url: 'https://portal.test/connect/x' };
  expect(elements(answer({ lines: ['?'], link }))).toMatchObject([
    { type: 'button', action_id: 'open-link', url: link.url },
  ]);
});

test('Slack takes whatever an answer says', () => {
  const hostile = fc.oneof(
    anyText({ maxLength: 80 }),
    fc.string({
      unit: fc.constantFrom('<', '>', '&', '*', '\n', '🙂', ' ', '\ud800', '`', '|'),
      maxLength: 4000,
    }),
    fc.constantFrom('', ' ', '<!here>', '\u0000', 'x'.repeat(5000)),
  );
  const buttons = fc.array(
    fc.record({
      label: hostile,
      action: fc.constantFrom(...BUTTON_ACTIONS),
      id: hostile,
      style: fc.constantFrom('primary', 'plain', 'danger'),
    }),
    { maxLength: 30 },
  );
  const link = fc.record({ label: hostile, url: anyUrl() });
  const answers = fc.record(
    { title: hostile, lines: fc.array(hostile, { maxLength: 80 }), buttons, link },
    { requiredKeys: ['lines', 'buttons'] },
  );
  fc.assert(
    fc.property(answers, (any) => {
      const message = render(any);
      parseMessageBlocks(structuredClone(message.blocks));
      const texts = sections(any);
      expect([message.text, ...texts].every((text) => text.trim() !== '' && text.isWellFormed())).toBe(true);
      expect(texts.join('').replace(/&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]/);
    }),
    { numRuns: 60 },
  );
});
