import { ButtonStyle } from 'discord.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUTTON_ACTIONS, type SpokenAnswer } from '../../bot/chat.js';
import { describeCommands } from '../../bot/discord/commands.js';
import { render } from '../../bot/discord/render.js';
import { parseCommands } from '../../local/discord/validate-command.js';
import { parseMessage } from '../../local/discord/validate-message.js';
import { anyText, anyUrl } from '../support/any-text.js';

const say = (line: string) => render({ lines: [line], buttons: [] }).content;

describe('text', () => {
  test.each([
    ['ann_lee@x.org and *bold*', 'ann\\_lee@x.org and \\*bold\\*'],
    ['`code` ~~gone~~ ||spoiler||', '\\`code\\` \\~\\~gone\\~\\~ \\|\\|spoiler\\|\\|'],
    ['[click](https://evil.test)', '\\[click\\](https\\://evil.test)'],
    ['https://a.test/*b*', 'https\\://a.test/\\*b\\*'],
    [
      '@everyone @here <@1> <#2> <t:3> </share:4>',
      '\\@everyone \\@here \\<@1\\> \\<#2\\> \\<t:3\\> \\</share:4\\>',
    ],
    ['# heading', '\\# heading'],
    ['> quote', '\\> quote'],
    ['- item', '\\- item'],
    ['-# small', '\\-# small'],
    ['1. one', '1\\. one'],
    ['C:\\plan', 'C:\\\\plan'],
    ['10:30, a-b, plan #2', '10:30, a-b, plan #2'],
  ])('%s is shown as it is', (line, content) => {
    expect(say(line)).toBe(content);
  });

  test('has its title in bold, its lines below, and mentions nobody', () => {
    expect(render({ title: 'Sent a*b', lines: ['• bob@x.org — sent'], buttons: [] })).toEqual({
      content: '**Sent a\\*b**\n• bob@x.org — sent',
      components: [],
      allowed_mentions: { parse: [] },
    });
  });

  test('over 2,000 characters says how many lines are missing', () => {
    const lines = Array.from({ length: 60 }, (_, index) => `${index} ${'x'.repeat(90)}`);
    const { content } = render({ lines, buttons: [] });
    expect(content.length).toBeLessThanOrEqual(2000);
    const kept = content.split('\n').length - 1;
    expect(content).toMatch(new RegExp(`\\n… and ${60 - kept} more lines: the portal shows all of it\\.$`));
  });

  test('of one endless line is cut between characters, never after the backslash of an escape', () => {
    expect(say('😀'.repeat(2000))).toMatch(/^(😀)+…$/u);
    expect(say('*'.repeat(2000))).toMatch(/^(\\\*)+…$/);
  });
});

describe('buttons', () => {
  test('carry the action and its id, with the link last', () => {
    const { components } = render({
      lines: ['?'],
      buttons: [
        { label: 'Send', action: 'send-draft', id: '1', style: 'primary' },
        { label: 'Cancel', action: 'discard-draft', id: '1', style: 'plain' },
        { label: "This isn't me", action: 'refuse-link', style: 'danger' },
      ],
      link: { label: 'Open', url: 'https://portal.test/connect/x' },
    });
    expect(components).toEqual([
      {
        type: 1,
        components: [
          { type: 2, style: ButtonStyle.Primary, label: 'Send', custom_id: 'send-draft:1' },
          { type: 2, style: ButtonStyle.Secondary, label: 'Cancel', custom_id: 'discard-draft:1' },
          { type: 2, style: ButtonStyle.Danger, label: "This isn't me", custom_id: 'refuse-link' },
          { type: 2, style: ButtonStyle.Link, label: 'Open', url: 'https://portal.test/connect/x' },
        ],
      },
    ]);
  });

  test('stand five in a row', () => {
    const buttons = BUTTON_ACTIONS.slice(0, 7).map((action) => ({
      label: action,
      action,
      style: 'plain' as const,
    }));
    expect(render({ lines: ['?'], buttons }).components.map((row) => row.components.length)).toEqual([5, 2]);
  });
});

const hostileText = fc.oneof(
  anyText({ maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('*', '_', '`', '\\', '<', '@', '\n', ' ', '\ud83d', 'a', '1', '.'),
    maxLength: 3000,
  }),
);
const hostileAnswer: fc.Arbitrary<SpokenAnswer> = fc.record(
  {
    title: hostileText,
    lines: fc.array(hostileText, { maxLength: 30 }),
    buttons: fc.array(
      fc.record({
        label: hostileText,
        action: fc.constantFrom(...BUTTON_ACTIONS),
        id: fc.oneof(fc.string({ maxLength: 120 }), fc.uuid()),
        style: fc.constantFrom('primary' as const, 'plain' as const, 'danger' as const),
      }),
      { maxLength: 40 },
    ),
    link: fc.record({
      label: hostileText,
      url: fc.oneof(anyUrl(), fc.string(), fc.constant('javascript:alert(1)')),
    }),
  },
  { requiredKeys: ['lines', 'buttons'] },
);

test('any answer becomes a message that Discord takes, and nothing in it is formatted', () => {
  fc.assert(
    fc.property(hostileAnswer, (answer) => {
      const message = render(answer);
      expect(() => parseMessage(JSON.parse(JSON.stringify(message)))).not.toThrow();
      expect(message.content.trim()).not.toBe('');
      expect(message.content.isWellFormed()).toBe(true);
      const bare = message.content.replace(/\\[^]/gu, '').replace(/^\*\*([^*]*)\*\*(?=\n|$)/, '$1');
      expect(bare).not.toMatch(/[\\`*_~|<>[\]]|:\/\/|@everyone|@here/);
    }),
    { numRuns: 300 },
  );
});

describe('the commands', () => {
  const [share] = describeCommands();
  const options = (
    share as {
      options: { name: string; required?: boolean; max_length?: number; choices?: { value: number }[] }[];
    }
  ).options;

  test('are taken by Discord, and require nothing: without a file there is a form', () => {
    expect(() => parseCommands(JSON.parse(JSON.stringify(describeCommands())), false)).not.toThrow();
    expect(options.filter(({ required }) => required).map(({ name }) => name)).toEqual([]);
    expect(options.map(({ name }) => name)).toEqual([
      'file',
      'emails',
      'file2',
      'file3',
      'file4',
      'file5',
      'message',
      'expires',
    ]);
  });

  test('are offered in guilds, direct messages and groups, for guilds and for people', () => {
    for (const command of describeCommands().filter(({ name }) => name !== 'share-rules')) {
      expect(command).toMatchObject({ integration_types: [0, 1], contexts: [0, 1, 2] });
    }
  });

  test('of administrators are offered in guilds that have the app, to those who manage them', () => {
    expect(describeCommands().find(({ name }) => name === 'share-rules')).toMatchObject({
      ...{ integration_types: [0], contexts: [0], default_member_permissions: '32' },
    });
  });

  test('take five addresses at their longest, and only our lifetimes', () => {
    expect(options.find(({ name }) => name === 'emails')?.max_length).toBe(1300);
    expect(options.find(({ name }) => name === 'expires')?.choices?.map(({ value }) => value)).toEqual([
      1, 7, 30,
    ]);
  });
});
