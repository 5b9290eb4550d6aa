import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text as bodyOf } from 'node:stream/consumers';
import {
  ActionRowBuilder,
  ApplicationCommandType,
  ApplicationIntegrationType,
  Client,
  ContextMenuCommandBuilder,
  Events,
  FileUploadBuilder,
  InteractionContextType,
  LabelBuilder,
  ModalBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
  type Interaction,
} from 'discord.js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startConsole, type LocalConsole } from '../../local/console/start-console.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { findSerious } from '../support/find-serious.js';
import { getBuilt } from '../support/get-built.js';
import { openBrowser, openVisitor, turnPage, type Visitor } from '../support/open-browser.js';

// Apps of the tests' own, which use what ours does not use yet: the console shows what the doubles accept.

const [ADA, GENERAL] = ['U0ADA00001', 'C0GENERAL1'];
const APPLICATION_ID = '900000000000000001';

interface Payload {
  type?: string;
  command?: string;
  text?: string;
  callback_id?: string;
  trigger_id: string;
  message_ts?: string;
  actions?: { action_id: string; block_id: string; selected_options?: { value: string }[] }[];
  view?: { state: { values: Record<string, Record<string, Record<string, unknown>>> } };
}

let dataDir: string;
let app: Server;
/** What the Slack app heard, and how it answers: null is no answer at all. */
let heard: Payload[];
let answer: (payload: Payload) => Promise<object | null> | object | null;
let slack: LocalSlack;
let discord: LocalDiscord;
let bot: Client;
let react: (interaction: Interaction) => Promise<unknown>;
let local: LocalConsole;
let browser: Browser;
let visitor: Visitor;

beforeAll(async () => {
  const assetsDir = await getBuilt('local/console');
  dataDir = await mkdtemp(path.join(tmpdir(), 'console-elements-'));
  app = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then(async (body) => {
      const fields = new URLSearchParams(body);
      const isEvent = body.startsWith('{');
      if (isEvent) return void outgoing.end();
      const payload = JSON.parse(
        fields.get('payload') ?? JSON.stringify(Object.fromEntries(fields)),
      ) as Payload;
      heard.push(payload);
      const said = await answer(payload);
      if (said) outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const requestUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const tokens = { botToken: 'xoxb-local', appToken: 'xapp-local', signingSecret: 's' };
  slack = await startSlack({ port: 0, dataDir, requestUrl, ...tokens });
  discord = await startDiscord({ port: 0, token: 't', applicationId: APPLICATION_ID, dataDir });
  bot = new Client({ intents: [], rest: { api: `${discord.url}/api`, cdn: discord.url } });
  bot.on(Events.InteractionCreate, (interaction) => void react(interaction));
  const ready = new Promise((resolve) => bot.once(Events.ClientReady, resolve));
  await bot.login('t');
  await ready;
  local = await startConsole({ port: 0, assetsDir, slackUrl: slack.url, discordUrl: discord.url });
  browser = await openBrowser();
  visitor = await openVisitor(browser, [local.url]);
});

afterAll(async () => {
  await browser.close();
  await local.close();
  await bot.destroy();
  await discord.close();
  await slack.close();
  app.closeAllConnections();
  app.close();
  await rm(dataDir, { recursive: true, force: true });
});

afterEach(() => {
  expect(visitor.complaints).toEqual([]);
});

async function open(where: string): Promise<Page> {
  heard = [];
  answer = () => ({});
  react = () => Promise.resolve();
  const page = await turnPage(visitor);
  await page.goto(`${local.url}/#${where}`);
  return page;
}

async function call(method: string, args: object): Promise<void> {
  const response = await fetch(`${slack.url}/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer xoxb-local' },
    body: JSON.stringify(args),
  });
  expect(await response.json()).toMatchObject({ ok: true });
}

const plain = (text: string) => ({ type: 'plain_text', text });
const option = (value: string) => ({
  text: plain(`Option ${value}`),
  value,
  description: plain(`About ${value}`),
});
const options = ['a', 'b', 'c'].map(option);
const composer = (page: Page) => page.getByRole('textbox', { name: /^Message (#|Passalong)/ });

async function type(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

describe('in Slack, an app’s', () => {
  test('Home tab shows every kind of block, and its elements act', async () => {
    const page = await open(`/slack/${ADA}/home`);
    await page.getByText('Passalong has put nothing here.').waitFor();
    const confirm = {
      title: plain('Sure?'),
      text: plain('It is gone then.'),
      confirm: plain('Yes'),
      deny: plain('No'),
    };
    const revoke = { type: 'button', action_id: 'revoke', text: plain('Revoke'), style: 'danger' };
    const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
    await call('views.publish', {
      user_id: ADA,
      view: {
        type: 'home',
        blocks: [
          { type: 'header', text: plain('Your shares &amp; links') },
          { type: 'section', block_id: 'first', text: mrkdwn('*One*'), accessory: { ...revoke, confirm } },
          { type: 'section', block_id: 'second', text: mrkdwn('*Two*'), accessory: revoke },
          { type: 'divider' },
          { type: 'section', fields: [mrkdwn('_left_'), plain('*right*')] },
          { type: 'context', elements: [mrkdwn('See <https://example.com|the page>'), plain('now')] },
          {
            type: 'section',
            text: plain('Kind'),
            accessory: { type: 'overflow', action_id: 'more', options },
          },
          {
            type: 'actions',
            elements: [
              { type: 'static_select', action_id: 'one', placeholder: plain('Pick one'), options },
              { type: 'radio_buttons', action_id: 'radio', options, initial_option: option('b') },
              { type: 'checkboxes', action_id: 'many', options, initial_options: [option('a')] },
              { type: 'button', action_id: 'open', text: plain('Open'), url: `${local.url}/console.css` },
            ],
          },
        ],
      },
    });
    await page.getByRole('heading', { name: 'Your shares & links' }).waitFor();
    expect(await page.locator('em', { hasText: 'left' }).count()).toBe(1);
    await page.getByText('*right*').waitFor();
    expect(await page.getByRole('link', { name: 'the page' }).getAttribute('href')).toBe(
      'https://example.com',
    );

    await page.getByRole('button', { name: 'Revoke' }).first().click();
    await page.getByRole('dialog', { name: 'Sure?' }).getByRole('button', { name: 'No' }).click();
    await page.getByRole('button', { name: 'Revoke' }).last().click();
    await expect.poll(() => heard.map(({ actions }) => actions?.[0]?.block_id)).toEqual(['second']);
    await page.getByRole('button', { name: 'Revoke' }).first().click();
    await page.getByRole('dialog', { name: 'Sure?' }).getByRole('button', { name: 'Yes' }).click();
    await expect.poll(() => heard.at(-1)?.actions?.[0]?.block_id).toBe('first');

    await page.getByRole('combobox', { name: 'Pick one' }).selectOption('Option b');
    await expect.poll(() => heard.at(-1)?.actions).toMatchObject([{ selected_option: { value: 'b' } }]);
    await page.getByRole('combobox', { name: 'More' }).selectOption('Option c');
    await expect.poll(() => heard.at(-1)?.actions).toMatchObject([{ action_id: 'more' }]);
    await page.getByRole('radio', { name: 'Option c' }).check();
    await expect.poll(() => heard.at(-1)?.actions).toMatchObject([{ action_id: 'radio' }]);
    expect(await page.getByRole('checkbox', { name: 'Option a' }).isChecked()).toBe(true);
    await page.getByRole('checkbox', { name: 'Option c' }).check();
    const values = () => heard.at(-1)?.actions?.[0]?.selected_options?.map(({ value }) => value);
    await expect.poll(values).toEqual(['a', 'c']);
    expect(await findSerious(page)).toEqual([]);
    const opening = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Open' }).click();
    await opening;
    await expect.poll(() => heard.at(-1)?.actions).toMatchObject([{ action_id: 'open' }]);
  });

  test('modal has every kind of field, and the app hears what was filled in', async () => {
    const page = await open(`/slack/${ADA}/${GENERAL}`);
    const field = (id: string, element: object, more = {}) => {
      return {
        type: 'input',
        block_id: id,
        label: plain(id),
        element: { action_id: id, ...element },
        ...more,
      };
    };
    const view = {
      ...{ type: 'modal', title: plain('Everything'), submit: plain('Go'), notify_on_close: true },
      blocks: [
        { type: 'section', text: plain('Fill it in.') },
        field('line', { type: 'plain_text_input', initial_value: 'first' }, { hint: plain('A hint') }),
        field(
          'mail',
          { type: 'email_text_input', placeholder: plain('you@example.com') },
          { optional: true },
        ),
        field('choice', { type: 'static_select', options }),
        field('radio', { type: 'radio_buttons', options }),
        field('boxes', { type: 'checkboxes', options }, { optional: true }),
        field('files', { type: 'file_input', filetypes: ['txt'], max_files: 2 }),
      ],
    };
    answer = async ({ type, trigger_id }) => {
      if (type === 'shortcut') await call('views.open', { trigger_id, view });
      return type === 'view_submission'
        ? { response_action: 'update', view: { ...view, blocks: [view.blocks[0]] } }
        : {};
    };
    await page.getByLabel('Shortcuts').click();
    await page.getByRole('button', { name: 'Share a file' }).click();
    const form = page.getByRole('dialog', { name: 'Everything' });
    await form.getByText('A hint').waitFor();
    await form.getByLabel('choice').selectOption('Option a');
    await form.getByRole('radio', { name: 'Option b' }).check();
    await form.getByRole('group', { name: 'boxes' }).getByLabel('Option c').check();
    await form
      .getByLabel('Choose files')
      .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
    await form.getByRole('button', { name: 'Go' }).click();
    await expect.poll(() => heard.at(-1)?.type).toBe('view_submission');
    expect(heard.at(-1)?.view?.state.values).toMatchObject({
      line: { line: { value: 'first' } },
      mail: { mail: { value: null } },
      choice: { choice: { selected_option: { value: 'a' } } },
      radio: { radio: { selected_option: { value: 'b' } } },
      boxes: { boxes: { selected_options: [{ value: 'c' }] } },
      files: { files: { files: [{ name: 'a.txt', size: 1 }] } },
    });
    await form.getByLabel('line').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'hidden' });
    await expect.poll(() => heard.at(-1)?.type).toBe('view_closed');
  });

  test('message shortcut works in a thread, where its command does not', async () => {
    const page = await open(`/slack/${ADA}/${GENERAL}`);
    await type(page, 'the root');
    const root = page.getByRole('article').filter({ hasText: 'the root' });
    await root.hover();
    await root.getByLabel(/^Actions on/).click();
    await root.getByRole('link', { name: 'Reply in thread' }).click();
    await page.getByRole('heading', { name: 'Thread in #general' }).waitFor();
    await type(page, '/share');
    await page.getByText('/share is not supported in threads. Sorry!').waitFor();
    await type(page, 'a reply');
    const reply = page.getByRole('article').filter({ hasText: 'a reply' });
    await reply.hover();
    await reply.getByLabel(/^Actions on/).click();
    await reply.getByRole('button', { name: 'Share files by email' }).click();
    await expect
      .poll(() => heard.at(-1))
      .toMatchObject({ type: 'message_action', message: { text: 'a reply' } });
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('link', { name: '1 reply' }).waitFor();
    expect(await page.getByText('a reply').count()).toBe(0);
  });

  test('silence is told where it happened: at the button, in the modal, and in the channel', async () => {
    const page = await open(`/slack/${ADA}/${GENERAL}`);
    const press = { type: 'button', action_id: 'press', text: plain('Press') };
    await call('chat.postMessage', {
      channel: GENERAL,
      text: 'x',
      blocks: [{ type: 'actions', elements: [press] }],
    });
    answer = () => null;
    await page.getByRole('button', { name: 'Press' }).click();
    await page.getByRole('article').getByText('The app did not respond (operation_timeout).').waitFor();

    const view = { type: 'modal', title: plain('Quiet'), submit: plain('Go'), blocks: [] };
    answer = async ({ type, trigger_id }) => {
      if (type === 'view_submission') return null;
      await call('views.open', { trigger_id, view });
      return {};
    };
    await type(page, '/share');
    await page.getByRole('dialog').getByRole('button', { name: 'Go' }).click();
    await page.getByText('We had some trouble connecting (operation_timeout). Try again?').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await type(page, '/shore');
    await page.getByText('/shore is not a valid command.').waitFor();
    await type(page, '/invite @passalong');
    await expect.poll(() => composer(page).inputValue()).toBe('');
  });
});

describe('in Discord, an app’s', () => {
  const [ada, general] = ['100100000000000001', '300000000000000001'];

  test('message command opens a modal, which takes texts, choices and files', async () => {
    const menu = new ContextMenuCommandBuilder()
      .setType(ApplicationCommandType.Message)
      .setName('Share files by email');
    await bot.application?.commands.set([menu]);
    const page = await open(`/discord/${ada}/${general}`);
    const submitted: unknown[] = [];
    react = async (interaction) => {
      if (interaction.isMessageContextMenuCommand()) await interaction.showModal(everything());
      if (!interaction.isModalSubmit()) return;
      const { fields } = interaction;
      submitted.push(fields.getTextInputValue('long'), fields.getStringSelectValues('days'));
      submitted.push(
        [...(fields.getUploadedFiles('files')?.values() ?? [])].map(({ name, size }) => [name, size]),
      );
      await interaction.reply({ content: 'Got **it**' });
    };
    await type(page, 'share me');
    const message = page.getByRole('article').filter({ hasText: 'share me' });
    await message.hover();
    await message.getByLabel(/^Actions on/).click();
    await message.getByRole('button', { name: 'Share files by email' }).click();
    const form = page.getByRole('dialog', { name: 'Everything' });
    await form.getByText('Read this first', { exact: true }).waitFor();
    await form.getByLabel('Words').fill('two\nlines');
    await form.getByLabel('Days').selectOption('Seven');
    await form
      .getByLabel('Choose files')
      .setInputFiles(
        ['a.txt', 'b.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) })),
      );
    await form.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('Got it').waitFor();
    await form.waitFor({ state: 'hidden' });
    expect(submitted).toEqual([
      'two\nlines',
      ['7'],
      [
        ['a.txt', 5],
        ['b.txt', 5],
      ],
    ]);
  });

  test('messages have menus, and silence is told as Discord does', async () => {
    const command = new SlashCommandBuilder().setName('ask').setDescription('Asks');
    await bot.application?.commands.set([command]);
    const page = await open(`/discord/${ada}/${general}`);
    react = async (interaction) => {
      const one = new StringSelectMenuBuilder().setCustomId('one').addOptions(days());
      const row = new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(one);
      if (interaction.isChatInputCommand()) await interaction.reply({ content: 'Which?', components: [row] });
      if (interaction.isStringSelectMenu() && interaction.values[0] === '7') {
        await interaction.update({ content: `Took ${interaction.values.join()}`, components: [] });
      }
    };
    await composer(page).fill('/');
    await page.getByRole('option', { name: /^\/ask/ }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    const question = page.getByRole('article').filter({ hasText: 'Which?' });
    await question.getByRole('combobox').selectOption('One');
    await question.getByText('This interaction failed').waitFor();
    await question.getByRole('combobox').selectOption('Seven');
    await page.getByText('Took 7').waitFor();

    react = () => Promise.resolve();
    await composer(page).fill('/ask');
    await composer(page).press('Enter');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('The application did not respond').waitFor();
  });

  test('commands are offered where it is installed for the person alone, and in direct messages', async () => {
    const alone = new SlashCommandBuilder()
      .setName('alone')
      .setDescription('d')
      .setIntegrationTypes(ApplicationIntegrationType.UserInstall)
      .setContexts(InteractionContextType.Guild);
    const direct = new SlashCommandBuilder()
      .setName('direct')
      .setDescription('d')
      .setContexts(InteractionContextType.BotDM);
    const here = new SlashCommandBuilder()
      .setName('here')
      .setDescription('d')
      .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
      .setContexts(InteractionContextType.Guild);
    await bot.application?.commands.set([alone, direct, here]);
    const page = await open(`/discord/${ada}/${general}`);
    const offered = async (place: string): Promise<string[]> => {
      await page.getByRole('link', { name: place }).click();
      await page.getByRole('heading', { name: place, exact: true }).waitFor();
      await composer(page).fill('/');
      await page.getByRole('option').first().waitFor();
      return page.getByRole('option').locator('strong').allTextContents();
    };
    expect(await offered('general')).toEqual(['/alone', '/here']);
    expect(await offered('lounge')).toEqual(['/alone']);
    await page.getByText('Passalong is not in this server, Elsewhere').waitFor();
    expect(await offered('Passalong')).toEqual(['/direct']);
  });

  function days(): { label: string; value: string }[] {
    return [
      { label: 'One', value: '1' },
      { label: 'Seven', value: '7' },
    ];
  }

  function everything(): ModalBuilder {
    const words = new TextInputBuilder().setCustomId('long').setStyle(TextInputStyle.Paragraph);
    const select = new StringSelectMenuBuilder().setCustomId('days').addOptions(days());
    const files = new FileUploadBuilder().setCustomId('files').setMaxValues(3).setRequired(false);
    return new ModalBuilder()
      .setCustomId('everything')
      .setTitle('Everything')
      .addTextDisplayComponents((text) => text.setContent('**Read** this first'))
      .addLabelComponents(
        new LabelBuilder().setLabel('Words').setDescription('A description').setTextInputComponent(words),
        new LabelBuilder().setLabel('Days').setStringSelectMenuComponent(select),
        new LabelBuilder().setLabel('Files').setFileUploadComponent(files),
      );
  }
});
