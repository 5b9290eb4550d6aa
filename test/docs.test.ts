import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ApplicationCommandOptionType } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { SCOPES } from '../bot/slack/installer.js';
import { SHARE_MESSAGE, SHARE_NEW } from '../bot/slack/on-shortcut.js';
import { describeCommands } from '../bot/discord/commands.js';
import { DEFAULT_MANIFEST } from '../local/slack/manifest.js';

const root = path.resolve(import.meta.dirname, '..');
const adrs = list('docs/adr', '.md');
const documents = [...list('.', '.md'), ...list('docs', '.md'), ...adrs];

describe('the documents', () => {
  test.each([
    ['README.md', 150],
    ['ARCHITECTURE.md', 200],
  ])('%s has fewer than %i lines', (file, limit) => {
    expect(read(file).trimEnd().split('\n').length).toBeLessThan(limit);
  });

  test('the README names every npm script, and no other', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const wanted = Object.keys(scripts).filter((name) => name !== 'prepare');
    const named = matches(read('README.md'), /^\| `npm (?:run )?([\w:]+)` +\|/gm);
    expect(named.sort()).toEqual(wanted.sort());
  });

  test.each(documents)('every path that %s links to is there', (file) => {
    const targets = matches(withoutCode(read(file)), /\]\(([^)\s]+)\)/g).filter(
      (each) => !/^(\w+:|#)/.test(each),
    );
    const broken = targets.filter(
      (each) => !existsSync(path.resolve(root, path.dirname(file), each.split('#')[0] ?? '')),
    );
    expect(broken).toEqual([]);
  });

  test.each(documents)('every file of ours that %s names is there', (file) => {
    const folders = 'adapters|bot|core|docs|infra|lambda|local|prisma|test|web|worker';
    const named = matches(read(file), new RegExp(`\`((?:${folders})/[\\w./-]+)\``, 'g'));
    expect(named.filter((each) => !existsSync(path.join(root, each)))).toEqual([]);
  });

  test.each(adrs)('%s has a number, a date, a status and its three parts', (file) => {
    const [, number = ''] = /\/(\d{3})-/.exec(file) ?? [];
    const text = read(file);
    expect(text).toMatch(
      new RegExp(
        `^# ${number}: .+\n\n- Date: \\d{4}-\\d\\d-\\d\\d\n- Status: (accepted|superseded by \\d{3})\n`,
      ),
    );
    expect(matches(text, /^## (.+)$/gm)).toEqual(['Context', 'Decision', 'Consequences']);
  });

  test('decisions are numbered without a gap', () => {
    expect(adrs.map((file) => Number(/\/(\d{3})-/.exec(file)?.[1]))).toEqual(
      adrs.map((_, index) => index + 1),
    );
  });

  test('the switches of npm start in the documents are those that it reads', () => {
    const example = matches(read('.env.example'), /^(?:# )?([A-Z][A-Z0-9_]*)=/gm);
    const named = documents.flatMap((file) =>
      matches(read(file), /`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g),
    );
    expect([...new Set(named)].filter((name) => !example.includes(name) && !OTHER_NAMES.test(name))).toEqual(
      [],
    );
  });
});

/** States, and names of other programs: in capitals, and not ours to set. */
const OTHER_NAMES =
  /^(AWAITING_UPLOAD|BUTTON_ACTIONS|HANDED_ON|MALLOC_ARENA_MAX|MALLOC_TRIM_THRESHOLD_|NODE_EXTRA_CA_CERTS|PRISMA_SCHEMA_ENGINE_BINARY)$/;

describe('the Slack manifest', () => {
  const manifest = read('docs/slack-manifest.yaml');
  const sources = ['bot/slack', 'adapters']
    .flatMap((folder) => list(folder, '.ts'))
    .map(read)
    .join('\n');
  const commands = matches(sources, /app\.command\('([^']+)'/g);

  test('has the commands that the bot listens to', () => {
    expect(commands).not.toEqual([]);
    expect(matches(manifest, /^ +- command: (\S+)$/gm)).toEqual(commands);
  });

  test('has the shortcuts that the bot listens to', () => {
    expect(matches(manifest, /callback_id: (\S+)$/gm)).toEqual([SHARE_MESSAGE, SHARE_NEW]);
  });

  test('has the commands that the simulated Slack offers', () => {
    expect(DEFAULT_MANIFEST.commands.map(({ command }) => command)).toEqual(commands);
    for (const { description, usageHint } of DEFAULT_MANIFEST.commands) {
      expect(manifest).toContain(`description: ${description}\n`);
      expect(manifest).toContain(`usage_hint: '${usageHint}'\n`);
    }
  });

  test('has the shortcuts that the simulated Slack offers', () => {
    const shortcuts = [
      ...manifest.matchAll(/- name: (.+)\n +type: (message|global)\n +callback_id: (\S+)\n/g),
    ].map(([, name, type, callbackId]) => ({ type, name, callbackId }));
    expect(DEFAULT_MANIFEST.shortcuts).toEqual(shortcuts);
  });

  test('has the events that the bot listens to', () => {
    // A message is an event of its own for each kind of conversation; we hear direct ones.
    const heard = matches(sources, /app\.event\('([^']+)'/g).map((name) =>
      name.replace(/^message$/, 'message.im'),
    );
    expect(listBehind(manifest, 'bot_events')).toEqual(heard.toSorted());
  });

  test('asks for the scopes of the methods that we call, and for no other', () => {
    const scopes = scopesByMethod();
    const called = matches(sources, /\bclient\.(\w+\.\w+)\(/g);
    expect(called).toContain('files.info');
    const wanted = called.flatMap((method) => scopes.get(method) ?? [`no scope is known for ${method}`]);
    expect(listBehind(manifest, 'bot').sort()).toEqual(
      [...new Set([...wanted, 'commands', 'im:history'])].filter(Boolean).sort(),
    );
  });

  test('asks for what somebody is asked for who installs the app over HTTP', () => {
    expect(listBehind(manifest, 'bot').sort()).toEqual([...SCOPES].sort());
  });

  test('turns on what the bot relies on: Socket Mode, buttons and forms, direct messages', () => {
    expect(manifest).toMatch(/socket_mode_enabled: true/);
    expect(manifest).toMatch(/interactivity:\n +is_enabled: true/);
    expect(manifest).toMatch(/messages_tab_enabled: true/);
  });
});

describe('docs/chat.md', () => {
  const rows = [...read('docs/chat.md').matchAll(/^\| ([BM]\d+b?) .*?`(test\/\S+)`/gm)];

  test('has every behaviour and message', () => {
    const ids = rows.map(([, id]) => id);
    const numbered = (kind: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${kind}${index + 1}`);
    expect(ids).toEqual(expect.arrayContaining([...numbered('B', 20), ...numbered('M', 20)]));
  });

  test.each(rows.map(([, id = '', file = '']) => [id, file]))('%s is named by a test of %s', (id, file) => {
    expect(idsNamedBy([file])).toContain(id);
  });

  // M12 takes the worker, and M17 is a page of the portal; the others are of Slack's files and installations.
  test.each([
    ['the real Bolt by both doors', ['chat-rows', 'slack-rows'], ['M12', 'M17']],
    [
      'the real discord.js',
      ['chat-rows', 'discord', 'discord-entries', 'discord-rules'],
      ['M1', 'M6', 'M7', 'M8', 'M9', 'M10', 'M12', 'M14', 'M17'],
    ],
  ])('every row is driven through %s, where it has that side', (_, names, others) => {
    const named = idsNamedBy(names.map((name) => `test/bot/${name}.test.ts`));
    expect(rows.map(([, id = '']) => id).filter((id) => !named.includes(id))).toEqual(others);
  });
});

test('the Discord guide names every command and option that is registered', () => {
  const guide = read('docs/discord-setup.md');
  for (const command of describeCommands()) {
    if ('description' in command) expect(guide).toContain(`/${command.name}`);
    for (const { name, type } of ('options' in command && command.options) || []) {
      const isSubcommand = type === ApplicationCommandOptionType.Subcommand;
      const isFurtherFile = /^file[2-4]$/.test(name);
      if (!isFurtherFile) expect(guide).toContain(isSubcommand ? `/${command.name} ${name}` : `\`${name}\``);
    }
  }
});

/** The rows that the titles of these tests name: `… (B8, M18)`. */
function idsNamedBy(files: readonly string[]): string[] {
  const titles = files.flatMap((file) => matches(read(file), /['"].+ \((.*)\)['"],/g));
  return titles.flatMap((ids) => ids.split(', '));
}

/** What the double wants for each method of the Web API; an empty scope for none. */
function scopesByMethod(): Map<string, string> {
  const table = /'([\w.]+)': method\((null|'([\w:]+)')/g;
  return new Map(
    [...read('local/slack/web-api.ts').matchAll(table)].map(([, name = '', , scope = '']) => [name, scope]),
  );
}

/** The items of a list in YAML as we write it: `key:` and then lines with a dash. */
function listBehind(yaml: string, key: string): string[] {
  const [, items = ''] = new RegExp(`^ +${key}:\n((?: +- .+\n)+)`, 'm').exec(yaml) ?? [];
  return matches(items, /- (\S+)/g);
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^( *)```[^]*?^\1```/gm, '').replace(/`[^`\n]*`/g, '');
}

function list(folder: string, extension: string): string[] {
  return readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => path.posix.join(folder, name));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
