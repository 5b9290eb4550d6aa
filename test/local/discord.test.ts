import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonBuilder,
  ButtonStyle,
  Client,
  ContextMenuCommandBuilder,
  Events,
  FileUploadBuilder,
  ActionRowBuilder,
  GatewayIntentBits,
  InteractionContextType,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  Partials,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
  type Interaction,
  type Message,
} from 'discord.js';

import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';

const TOKEN = 'local-token';
const APPLICATION_ID = '900000000000000001';
const ADA = '100100000000000001';
const GRACE = '100200000000000002';
const GUILD = '200000000000000001';
const GENERAL = '300000000000000001';
const LOUNGE = '300000000000000003';

let discord: LocalDiscord;
let client: Client;
let reacts: (interaction: Interaction) => Promise<unknown> = () => Promise.resolve();
const failures: unknown[] = [];

beforeAll(async () => {
  discord = await startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID, maxAgeMs: 60_000 });
  client = await login(
    GatewayIntentBits.GuildMessages | GatewayIntentBits.DirectMessages | GatewayIntentBits.Guilds,
  );
  client.on(Events.InteractionCreate, (interaction) => {
    reacts(interaction).catch((error: unknown) => failures.push(error));
  });
  const share = new SlashCommandBuilder()
    .setName('share')
    .setDescription('Send a file to e-mail addresses')
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall)
    .setContexts(
      InteractionContextType.Guild,
      InteractionContextType.BotDM,
      InteractionContextType.PrivateChannel,
    )
    .addStringOption((option) =>
      option.setName('emails').setDescription('Addresses').setRequired(true).setMaxLength(40),
    )
    .addAttachmentOption((option) =>
      option.setName('file').setDescription('File').setFileTypes('image', '.pdf'),
    );
  const menu = new ContextMenuCommandBuilder()
    .setType(ApplicationCommandType.Message)
    .setName('Share files by email');
  await client.application?.commands.set([share, menu]);
});

afterEach(() => {
  expect(failures.splice(0)).toEqual([]);
  Object.assign(discord.faults, {
    rateLimitNext: 0,
    restDown: false,
    dmClosed: [],
    expireAttachments: false,
  });
});

afterAll(async () => {
  await client.destroy();
  await discord.close();
});

async function login(intents: number): Promise<Client> {
  const made = new Client({
    intents,
    partials: [Partials.Channel],
    rest: { api: `${discord.url}/api`, cdn: discord.url },
  });
  const isReady = new Promise((resolve) => made.once(Events.ClientReady, resolve));
  await made.login(TOKEN);
  await isReady;
  return made;
}

function upload(name = 'plan.pdf', bytes = Buffer.from('%PDF-plan')) {
  return discord.control.uploadFile({
    userId: ADA,
    channelId: GENERAL,
    name,
    contentType: 'application/pdf',
    bytes,
  });
}

function share(options: Record<string, string>, channelId = GENERAL, userId = ADA) {
  return discord.control.invokeCommand({ userId, channelId, command: 'share', options }).interactionId;
}

const answered = (id: string) =>
  discord.control.waitFor(id, (it) => it.message !== null && !((it.message.flags & 128) !== 0));

const codeOf = (error: unknown) => (error as { code?: unknown }).code;

describe('the real discord.js', () => {
  test('registers commands, gets an attachment option, defers ephemerally and edits', async () => {
    const file = await upload();
    reacts = async (it) => {
      if (!it.isChatInputCommand()) return;
      await it.deferReply({ flags: MessageFlags.Ephemeral });
      const attachment = it.options.getAttachment('file', true);
      const text = await (await fetch(attachment.url)).text();
      await it.editReply(
        `${it.options.getString('emails', true)} ${attachment.name} ${attachment.size} ${text} ${it.attachmentSizeLimit}`,
      );
    };
    const view = await answered(share({ emails: 'bob@x.org', file: file.id }));
    expect(view.message?.content).toBe(`bob@x.org plan.pdf 9 %PDF-plan ${500 * 1024 * 1024}`);
    expect(view).toMatchObject({ acknowledged: true, deferred: true, ephemeral: true, failed: false });
    expect(view.history).toHaveLength(2);
    expect(discord.control.messages({ channelId: GENERAL, userId: GRACE })).toEqual([]);
    expect(discord.control.messages({ channelId: GENERAL, userId: ADA })).toHaveLength(1);
  });

  test('shows a modal with a file upload from a button, reads it back and follows up', async () => {
    const file = await upload('notes.pdf');
    reacts = async (it) => {
      if (it.isChatInputCommand()) {
        const button = new ButtonBuilder()
          .setCustomId('choose')
          .setLabel('Choose files')
          .setStyle(ButtonStyle.Primary);
        await it.reply({
          content: 'No file',
          flags: MessageFlags.Ephemeral,
          components: [new ActionRowBuilder<ButtonBuilder>().addComponents(button)],
        });
      } else if (it.isButton()) {
        const upload = new FileUploadBuilder().setCustomId('files').setMinValues(1).setMaxValues(10);
        const emails = new TextInputBuilder()
          .setCustomId('emails')
          .setStyle(TextInputStyle.Short)
          .setValue('bob@x.org');
        const modal = new ModalBuilder().setCustomId('share-modal').setTitle('Share');
        modal.addLabelComponents(
          new LabelBuilder().setLabel('Files').setFileUploadComponent(upload),
          new LabelBuilder().setLabel('To').setTextInputComponent(emails),
        );
        await it.showModal(modal);
      } else if (it.isModalSubmit() && it.isFromMessage()) {
        const names = it.fields.getUploadedFiles('files', true).map((uploaded) => uploaded.name);
        await it.update({
          content: `${names.join()} to ${it.fields.getTextInputValue('emails')}`,
          components: [],
        });
        await it.followUp({ content: 'Sent', flags: MessageFlags.Ephemeral });
      }
    };
    const first = share({ emails: 'bob@x.org' });
    await answered(first);
    const { interactionId: pressed } = discord.control.pressButton({
      userId: ADA,
      interactionId: first,
      customId: 'choose',
    });
    expect((await discord.control.waitFor(pressed, (it) => it.modal !== null)).modal?.title).toBe('Share');
    const { interactionId: submitted } = discord.control.submitModal({
      userId: ADA,
      interactionId: pressed,
      files: { files: [file.id] },
    });
    const view = await discord.control.waitFor(submitted, (it) => it.followUps.length === 1);
    expect(view.followUps[0]?.content).toBe('Sent');
    expect(discord.control.interaction(first).message?.content).toBe('notes.pdf to bob@x.org');
    expect(discord.control.interaction(pressed).modal).toBeNull();
  });

  test('gets a select, and a message command with the attachments of its target', async () => {
    const file = await upload('report.pdf');
    reacts = async (it) => {
      if (it.isMessageContextMenuCommand()) {
        const select = new StringSelectMenuBuilder()
          .setCustomId('expiry')
          .addOptions({ label: '7 days', value: '7' }, { label: '30 days', value: '30' });
        const content = it.targetMessage.attachments.map((attachment) => attachment.name).join();
        await it.reply({
          content,
          components: [new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(select)],
        });
      } else if (it.isStringSelectMenu()) {
        await it.update({ content: it.values.join(), components: [] });
      }
    };
    const { messageId } = discord.control.postMessage({
      userId: ADA,
      channelId: GENERAL,
      attachmentIds: [file.id],
    });
    const { interactionId } = discord.control.useMessageCommand({
      userId: GRACE,
      messageId,
      command: 'Share files by email',
    });
    expect((await answered(interactionId)).message?.content).toBe('report.pdf');
    discord.control.selectOption({ userId: GRACE, interactionId, customId: 'expiry', values: ['30'] });
    await discord.control.waitFor(interactionId, (it) => it.message?.content === '30');
  });

  test('reads a direct message and a mention, but no other message of a guild', async () => {
    const seen: Message[] = [];
    client.on(Events.MessageCreate, (message) => seen.push(message));
    const { channelId } = discord.control.openDirectMessage({ userId: ADA });
    for (const [where, content] of [
      [channelId, 'direct'],
      [GENERAL, `<@${APPLICATION_ID}> hi`],
      [GENERAL, 'private talk'],
    ] as const) {
      discord.control.postMessage({ userId: ADA, channelId: where, content });
    }
    await expect
      .poll(() => seen.map((message) => message.content))
      .toEqual(['direct', `<@${APPLICATION_ID}> hi`, '']);
  });

  test('sends a direct message, and learns that they are closed', async () => {
    const ada = await client.users.fetch(ADA);
    const sent = await ada.send('Delivered');
    await sent.edit('Downloaded');
    expect(discord.control.messages({ channelId: sent.channelId }).at(-1)?.content).toBe('Downloaded');
    discord.faults.dmClosed = [ADA];
    await expect(ada.send('Once more')).rejects.toMatchObject({ code: 50007 });
  });

  test('is answered 10062 after three seconds, and the person sees that nothing came', async () => {
    let id = '';
    const lateAnswer = new Promise((resolve) => {
      reacts = async (it) => {
        id = it.id;
        discord.control.passTime({ ms: 3001 });
        resolve(
          await (it.isChatInputCommand() ? it.deferReply().catch((error: unknown) => error) : undefined),
        );
      };
    });
    share({ emails: 'bob@x.org' });
    expect(await lateAnswer).toMatchObject({ code: 10062, status: 404 });
    expect(discord.control.interaction(id).failed).toBe(true);
  });

  test('resumes after op 7 and gets what it missed', async () => {
    const identifies = discord.control.state().gateway.identifies;
    reacts = async (it) => (it.isChatInputCommand() ? it.reply('here') : undefined);
    const isResumed = new Promise((resolve) =>
      client.once(Events.ShardResume, (_shard, replayed) => {
        resolve(replayed);
      }),
    );
    discord.control.reconnectGateway();
    await expect.poll(() => discord.control.state().gateway.connected).toBe(0);
    const missed = share({ emails: 'bob@x.org' });
    expect(await isResumed).toBeGreaterThan(0);
    expect((await answered(missed)).message?.content).toBe('here');
    expect(discord.control.state().gateway.identifies).toBe(identifies);
  });

  test('waits out a 429 and reconnects after an outage of the gateway', async () => {
    discord.faults.rateLimitNext = 1;
    expect((await client.users.fetch(GRACE, { force: true })).username).toBe('grace');
    discord.faults.gatewayDown = true;
    await expect.poll(() => discord.control.state().gateway.connected).toBe(0);
    discord.faults.gatewayDown = false;
    await expect.poll(() => discord.control.state().gateway.connected).toBe(1);
  });

  test('on two replicas gets each interaction twice, and the second answer is refused', async () => {
    const second = await login(0);
    const codes: unknown[] = [];
    const answer = async (it: Interaction) => {
      if (!it.isChatInputCommand()) return;
      codes.push(await it.reply('mine').then(() => 'answered', codeOf));
    };
    reacts = answer;
    second.on(Events.InteractionCreate, (it) => void answer(it));
    share({ emails: 'bob@x.org' });
    await expect.poll(() => codes.length).toBe(2);
    expect(codes.sort()).toEqual([40060, 'answered']);
    await second.destroy();
  });
});

describe('the people', () => {
  test.each([
    ['an unknown command', { command: 'nope', options: {} }, /no command "nope"/],
    ['an unknown option', { command: 'share', options: { emails: 'a', color: 'red' } }, /no option "color"/],
    ['a missing option', { command: 'share', options: {} }, /"emails" is required/],
    ['a string above max_length', { command: 'share', options: { emails: 'a'.repeat(41) } }, /41 characters/],
    [
      'a file that is not theirs',
      { command: 'share', options: { emails: 'a', file: '1' } },
      /uploaded no file 1/,
    ],
  ])('cannot send %s', (_what, input, message) => {
    expect(() =>
      discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, guildId: GUILD, ...input }),
    ).toThrow(message);
  });

  test('cannot upload more than their limit or a type that the option refuses', async () => {
    const tooLarge = {
      userId: GRACE,
      channelId: GENERAL,
      name: 'big.bin',
      bytes: Buffer.alloc(10 * 1024 * 1024 + 1),
    };
    await expect(discord.control.uploadFile(tooLarge)).rejects.toThrow(/the limit is 10485760/);
    const zip = await discord.control.uploadFile({
      userId: ADA,
      channelId: GENERAL,
      name: 'a.zip',
      bytes: Buffer.from('PK'),
    });
    expect(() => share({ emails: 'a', file: zip.id })).toThrow(/not one of image, .pdf/);
  });

  test('use a command of their own installation in a guild without the app, where follow-ups end at five', async () => {
    const done = new Promise((resolve) => {
      reacts = async (it) => {
        if (!it.isChatInputCommand()) return;
        await it.reply('first');
        for (let count = 0; count < 5; count += 1) await it.followUp(String(count));
        resolve([
          it.authorizingIntegrationOwners.userId,
          await it.followUp('sixth').catch((error: unknown) => error),
        ]);
      };
    });
    share({ emails: 'bob@x.org' }, LOUNGE);
    expect(await done).toEqual([ADA, expect.objectContaining({ code: 40094 })]);
  });

  test('act over HTTP too, and a file is streamed and served with ranges until its URL expires', async () => {
    const query = new URLSearchParams({
      userId: ADA,
      channelId: GENERAL,
      name: 'big file é.bin',
      contentType: 'text/plain',
    });
    const posted = await fetch(`${discord.url}/_control/files?${query}`, {
      method: 'POST',
      body: 'x'.repeat(100_000),
    });
    const file = (await posted.json()) as { url: string; size: number; filename: string; title: string };
    expect(file).toMatchObject({ size: 100_000, filename: 'big_file_.bin', title: 'big file é.bin' });
    const range = await fetch(file.url, { headers: { range: 'bytes=0-9' } });
    expect([range.status, range.headers.get('content-range'), await range.text()]).toEqual([
      206,
      'bytes 0-9/100000',
      'x'.repeat(10),
    ]);
    expect((await fetch(file.url.replace(/hm=./, 'hm=_'))).status).toBe(404);
    discord.faults.expireAttachments = true;
    expect((await fetch(file.url)).status).toBe(404);
    discord.faults.expireAttachments = false;
    const time = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ms: 61_000 }),
    };
    expect((await fetch(`${discord.url}/_control/passTime`, time)).status).toBe(200);
    const expired = await fetch(file.url);
    expect([expired.status, await expired.text()]).toEqual([404, 'This content is no longer available.']);
  });
});
