import type pg from 'pg';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import type { Database, Limits } from '../../core/ports.js';
import type { BotDeps } from '../../bot/chat.js';
import type { Account } from '../../prisma/generated/client.js';
import type { MessageObject } from '../../local/discord/objects.js';
import type { Component } from '../../local/discord/validate-message.js';
import * as discord from './discord-rig.js';
import * as slack from './slack-rig.js';
import type { fakeLog, fakeQueue } from '../support/fakes.js';

/** Every way from people to the bot. */
export const CHAT_DOORS = ['Slack by Socket Mode', 'Slack over HTTP', 'Discord'] as const;

/** A chat app with our bot in it, as far as all of them are alike. */
export interface ChatDoor {
  platform: 'SLACK' | 'DISCORD';
  /** Where Ada's rows are. */
  workspaceId: string;
  db: Database;
  pool: pg.Pool;
  deps: BotDeps;
  queue: ReturnType<typeof fakeQueue>;
  log: ReturnType<typeof fakeLog>;
  /** To be changed by a test, also while the bot runs. */
  limits: Limits;
  /** Connects an account that asks before it sends, as all do to begin with. */
  connect(): Promise<Account>;
  ada: Person;
  /** What somebody else reads where Ada shares. */
  seenByGrace(): string[];
  /** Whether the app's API answers. */
  setDown(isDown: boolean): void;
  stop(): Promise<void>;
}

/** Ada in a chat app. */
interface Person {
  /** `/share` with files, by name, and what is typed for addresses. */
  share(files: Record<string, string>, emails: string): Promise<Talk>;
  /** `/share history` or `/passalong history`. */
  command(word: string): Talk;
  /** A direct message to the bot. */
  write(text: string, files: Record<string, string>): Promise<void>;
  /** The latest direct message of the bot that says something, once it is there. */
  told(text: string): Promise<Talk>;
}

/** A message of the bot, which changes as it is edited. */
interface Talk {
  isAcknowledged(): boolean;
  /** Waits until it says something, as people read it, buttons included. @returns all of it */
  says(text: string): Promise<string>;
  press(label: string): Promise<Talk>;
  /** The form that this opened, as JSON. */
  form(): Promise<string>;
  /** Sends that form. @returns where its answer is */
  fill(values: Record<string, string>): Promise<Talk>;
}

interface Seen {
  text: string;
  buttons: { label: string; id: string; url?: string | undefined }[];
}

/** Starts one of them. */
export async function openChatDoor(name: (typeof CHAT_DOORS)[number]): Promise<ChatDoor> {
  if (name === 'Discord') return discordDoor(await discord.startRig());
  return slackDoor(await slack.SlackBotRig.start(name === 'Slack over HTTP' ? 'HTTP' : 'Socket Mode'));
}

function slackDoor(rig: slack.SlackBotRig): ChatDoor {
  const { control } = rig.slack;
  const { ADA, ADA_DM, GENERAL, GRACE, TEAM } = slack;
  type Acted = ReturnType<typeof control.runCommand>;
  type Message = NonNullable<Acted['current']>;

  const read = (message: Message | null): Seen => {
    const plain = (text: string) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
    const blocks = (message?.blocks ?? []) as {
      text?: { text: string };
      elements?: { action_id: string; url?: string; text: { text: string } }[];
    }[];
    return {
      text: blocks.flatMap(({ text }) => (text ? [plain(text.text)] : [])).join('\n'),
      buttons: blocks.flatMap(({ elements = [] }) =>
        elements.map(({ action_id: id, url, text }) => ({ id, url, label: plain(text.text) })),
      ),
    };
  };
  const talkOf = (look: () => Message | null, acted?: Acted): Talk => {
    const talk: Talk = talkAbout(() => read(look()), {
      isAcknowledged: () => acted?.acknowledged === true,
      press: ({ id: actionId }) => {
        const { ts: messageTs = '' } = look() ?? {};
        const pressed = control.pressButton({ userId: ADA, messageTs, actionId });
        return talkOf(() => pressed.current, pressed);
      },
      form: async () => {
        const viewId = acted && (await rig.form(acted));
        return JSON.stringify(control.views({ userId: ADA }).find(({ id }) => id === viewId)?.content);
      },
      // Slack answers a form where it was opened.
      fill: async (values) => {
        const viewId = acted ? await rig.form(acted) : '';
        await control.submitView({ userId: ADA, viewId, values });
        return talk;
      },
    });
    return talk;
  };
  const act = (acted: Acted): Talk => talkOf(() => acted.current, acted);

  return {
    platform: 'SLACK',
    workspaceId: TEAM,
    db: rig.db,
    pool: rig.database.pool,
    deps: rig.deps,
    queue: rig.queue,
    log: rig.log,
    limits: rig.limits,
    connect: () => rig.connect(ADA),
    ada: {
      async share(files, emails) {
        await rig.db.slackFileSeen.deleteMany();
        for (const [name, bytes] of Object.entries(files)) await rig.post(ADA, name, GENERAL, bytes);
        return act(rig.share(emails));
      },
      command: (word) => act(rig.share(word)),
      async write(text, files) {
        const names = Object.entries(files);
        const fileIds = await Promise.all(names.map(([name, bytes]) => rig.hold(ADA, name, bytes)));
        await control.postMessage({ userId: ADA, channelId: ADA_DM, text, fileIds });
      },
      async told(text) {
        const find = () =>
          control
            .messages({ userId: ADA, channelId: ADA_DM })
            .findLast((message) => read(message).text.includes(text));
        const message = await control.waitFor(find);
        return talkOf(() => message);
      },
    },
    seenByGrace: () =>
      control
        .messages({ userId: GRACE, channelId: GENERAL })
        .flatMap(({ userId, text }) => (userId === ADA ? [] : [text])),
    setDown: (isDown) => {
      rig.slack.faults.webApiDown = isDown;
    },
    stop: () => rig.stop(),
  };
}

function discordDoor(rig: discord.Rig): ChatDoor {
  const { control, faults } = rig.discord;
  const { ADA, GENERAL, GRACE } = discord;
  const { channelId } = control.openDirectMessage({ userId: ADA });
  rig.deps.limits = { ...rig.deps.limits };

  const read = (message: MessageObject | null | undefined): Seen => ({
    text: (message?.content ?? '').replace(/\\(.)/gs, '$1'),
    buttons: (message?.components ?? []).flatMap(({ components = [] }) =>
      components.map(
        ({ custom_id: id = '', label = '', url }: Component & { url?: string; label?: string }) => {
          return { id, label, url };
        },
      ),
    ),
  });
  const talkOf = (
    look: () => MessageObject | null | undefined,
    of: { interactionId: string } | { messageId: string },
  ): Talk => {
    const interactionId = 'interactionId' in of ? of.interactionId : '';
    return talkAbout(() => read(look()), {
      isAcknowledged: () => control.interaction(interactionId).acknowledged,
      press: ({ id: customId }) => act(control.pressButton({ userId: ADA, ...of, customId })),
      form: async () => JSON.stringify((await opened(interactionId)).modal),
      fill: async (values) => {
        await opened(interactionId);
        return act(control.submitModal({ userId: ADA, interactionId, values }));
      },
    });
  };
  const act = ({ interactionId }: { interactionId: string }): Talk =>
    talkOf(() => control.interaction(interactionId).message, { interactionId });
  const opened = (interactionId: string) => control.waitFor(interactionId, ({ modal }) => Boolean(modal));
  const upload = async (files: Record<string, string>, where: string): Promise<string[]> => {
    const uploads = Object.entries(files).map(([name, bytes]) =>
      control.uploadFile({ userId: ADA, channelId: where, name, bytes: Buffer.from(bytes) }),
    );
    return (await Promise.all(uploads)).map(({ id }) => id);
  };

  return {
    platform: 'DISCORD',
    workspaceId: '',
    db: rig.db,
    pool: rig.pool,
    deps: rig.deps,
    queue: rig.deps.queue,
    log: rig.deps.log,
    limits: rig.deps.limits,
    async connect() {
      const account = await rig.connectAccount();
      await changeChatSettings(rig.deps, account.id, { confirmsShares: true, undoSeconds: 10 });
      return account;
    },
    ada: {
      async share(files, emails) {
        const ids = await upload(files, GENERAL);
        const options: Record<string, string> = { emails };
        for (const [index, id] of ids.entries()) options[index === 0 ? 'file' : `file${index + 1}`] = id;
        return act({ interactionId: rig.command('share', options) });
      },
      command: (subcommand) => act({ interactionId: rig.command('passalong', {}, { subcommand }) }),
      async write(content, files) {
        const attachmentIds = await upload(files, channelId);
        control.postMessage({ userId: ADA, channelId, content, attachmentIds });
      },
      async told(text) {
        const find = (one: MessageObject) => read(one).text.includes(text);
        const { id } = await until(() => control.messages({ channelId }).findLast(find));
        const look = () => control.messages({ channelId }).find((one) => one.id === id);
        return talkOf(look, { messageId: id });
      },
    },
    seenByGrace: () => control.messages({ channelId: GENERAL, userId: GRACE }).map(({ content }) => content),
    setDown: (isDown) => {
      faults.restDown = isDown;
    },
    stop: () => rig.stop(),
  };
}

type Acts = Omit<Talk, 'says' | 'press'> & { press: (button: Seen['buttons'][number]) => Talk };

function talkAbout(see: () => Seen, { press, ...acts }: Acts): Talk {
  const all = (): string => {
    const { text, buttons } = see();
    return [text, ...buttons.map(({ label, url = '' }) => `[${label}] ${url}`)].join('\n');
  };
  const waitFor = <T>(what: string, look: () => T | undefined | false): Promise<T> =>
    until(look).catch(() => {
      throw new Error(`expected "${what}", but it says:\n${all()}`);
    });
  return {
    ...acts,
    says: (text) => waitFor(text, () => all().includes(text) && all()),
    press: async (label) =>
      press(await waitFor(label, () => see().buttons.find((button) => button.label === label))),
  };
}

async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline;) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not seen: ${String(look)}`);
}
