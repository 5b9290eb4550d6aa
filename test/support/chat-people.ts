import { call, waitFor } from '../../local/demo/entrance.js';

export interface ChatFile {
  name: string;
  bytes: Uint8Array;
  contentType?: string;
}

/** What somebody sees of one act in chat; it changes as the app edits its answer. */
export interface Talk {
  /** The answer as plain text, or '' while there is none. */
  read(): Promise<string>;
  /** @throws Error with what is seen instead */
  waitFor(wanted: string | RegExp): Promise<string>;
  press(label: string): Promise<Talk>;
  /** Where a button leads that opens a page. */
  link(): Promise<string>;
}

/** Somebody in one of the doubles. */
export interface ChatPerson {
  platform: 'Slack' | 'Discord';
  userId: string;
  /** `/share` with files and addresses, up to the last press that sends them. */
  share(files: ChatFile[], emails: string): Promise<Talk>;
}

interface Button {
  label: string;
  id: string;
  url: string | undefined;
}

interface Seen {
  text: string;
  buttons: Button[];
}

const NOBODY: Seen = { text: '', buttons: [] };

export interface SlackPerson extends ChatPerson {
  share(files: ChatFile[], emails: string): Promise<SlackTalk>;
  command(text: string): Promise<Talk>;
  /** Fills in the form that `/share` alone opens. `errors` are what it says at its fields. */
  fillForm(files: ChatFile[], emails: string): Promise<SlackTalk & { errors: Record<string, string> }>;
}

type SlackTalk = Talk & { fileIds: string[] };

/** `/share` in #general of the local Slack: the files are posted first, and the bot then names them. */
export function slackPerson(slack: string, userId: string): SlackPerson {
  const control = `${slack}/_control`;
  const channelId = 'C0GENERAL1';

  const talk = (interactionId: string): Talk => {
    const see = async (): Promise<Seen> => {
      const { failed, current } = await call<SlackInteraction>(`${control}/interactions/${interactionId}`);
      if (failed) throw new Error(`Slack shows ${failed}`);
      return current ? seenInSlack(current) : NOBODY;
    };
    return describeTalk(see, async ({ id }) => {
      const pressed = { userId, actionId: id, interactionId };
      return talk((await call<{ id: string }>(`${control}/pressButton`, { json: pressed })).id);
    });
  };
  /** Without a channel it waits for a form. */
  const upload = async (
    { name, bytes, contentType }: ChatFile,
    where: { channelId?: string },
  ): Promise<string> => {
    const mimetype = contentType ?? 'application/octet-stream';
    const about = new URLSearchParams({ userId, name, mimetype, ...where });
    const { fileId } = await call<{ fileId: string }>(`${control}/files?${about}`, {
      method: 'POST',
      body: new Uint8Array(bytes),
    });
    return fileId;
  };
  const command = async (text: string): Promise<Talk> => {
    const typed = { userId, channelId, command: '/share', text };
    return talk((await call<{ id: string }>(`${control}/runCommand`, { json: typed })).id);
  };
  return {
    platform: 'Slack',
    userId,
    command,
    async share(files, emails) {
      const fileIds: string[] = [];
      for (const file of files) fileIds.push(await upload(file, { channelId }));
      // The files' events may still be on their way to the bot, which then names other files or none.
      return waitFor('an answer about the files', async () => {
        const answer = await command(emails);
        const said = await answer.waitFor(/./);
        const isAboutOthers =
          /^\*Send |^I don't see/.test(said) && !files.every(({ name }) => said.includes(name));
        return isAboutOthers ? null : { ...answer, fileIds };
      });
    },
    async fillForm(files, emails) {
      const fileIds = await Promise.all(files.map((file) => upload(file, {})));
      const opened = await command('');
      const look = (): Promise<SlackView[]> => call<SlackView[]>(`${control}/views?userId=${userId}`);
      const viewId = await waitFor('the form of /share', async () => (await look()).at(-1)?.id);
      const form = { userId, viewId, values: { emails }, files: { files: fileIds } };
      const { id } = await call<{ id: string }>(`${control}/submitView`, { json: form });
      await waitFor('an answer to the form', async () => {
        const { acknowledged, failed } = await call<SlackInteraction>(`${control}/interactions/${id}`);
        if (failed) throw new Error(`Slack shows ${failed}`);
        return acknowledged || null;
      });
      const errors = (await look()).find((view) => view.id === viewId)?.errors ?? {};
      if (Object.keys(errors).length > 0) await call(`${control}/closeView`, { json: { userId, viewId } });
      return { ...opened, fileIds, errors };
    },
  };
}

/** `/share` with attachments in #general of the local Discord. */
export function discordPerson(discord: string, userId: string): ChatPerson {
  const control = `${discord}/_control`;
  const channelId = '300000000000000001';

  const talk = (interactionId: string): Talk => {
    const see = async (): Promise<Seen> => {
      const { failed, message } = await call<DiscordInteraction>(`${control}/interactions/${interactionId}`);
      if (failed) throw new Error('Discord shows: the application did not respond');
      return message ? seenInDiscord(message) : NOBODY;
    };
    return describeTalk(see, async ({ id }) => {
      const pressed = { userId, interactionId, customId: id };
      return talk(
        (await call<{ interactionId: string }>(`${control}/pressButton`, { json: pressed })).interactionId,
      );
    });
  };
  const upload = async ({ name, bytes, contentType }: ChatFile): Promise<string> => {
    const about = new URLSearchParams({
      userId,
      channelId,
      name,
      contentType: contentType ?? 'application/octet-stream',
    });
    const { id } = await call<{ id: string }>(`${control}/files?${about}`, {
      method: 'POST',
      body: new Uint8Array(bytes),
    });
    return id;
  };
  return {
    platform: 'Discord',
    userId,
    async share(files, emails) {
      const options: Record<string, string> = { emails };
      for (const [index, file] of files.entries()) {
        options[index === 0 ? 'file' : `file${index + 1}`] = await upload(file);
      }
      const typed = { userId, channelId, command: 'share', options };
      return talk(
        (await call<{ interactionId: string }>(`${control}/invokeCommand`, { json: typed })).interactionId,
      );
    },
  };
}

function describeTalk(see: () => Promise<Seen>, press: (button: Button) => Promise<Talk>): Talk {
  const find = async (matches: (button: Button) => boolean, what: string): Promise<Button> =>
    waitFor(`a button ${what}`, async () => (await see()).buttons.find(matches));
  return {
    read: async () => (await see()).text,
    async waitFor(wanted) {
      let last = '';
      const isWanted = (text: string) =>
        typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
      return waitFor('the answer', async () => {
        last = (await see()).text;
        return isWanted(last) ? last : null;
      }).catch(() => {
        throw new Error(`not seen: ${wanted}\nbut: ${last}`);
      });
    },
    press: async (label) => press(await find((button) => button.label === label, label)),
    link: async () => (await find((button) => button.url !== undefined, 'that opens a page')).url ?? '',
  };
}

interface SlackView {
  id: string;
  errors: Record<string, string>;
}
interface SlackInteraction {
  acknowledged: boolean;
  failed: string | null;
  current: SlackMessage | null;
}
interface SlackMessage {
  blocks?: {
    text?: { text?: string };
    elements?: { action_id?: string; url?: string; text?: { text?: string } }[];
  }[];
}

function seenInSlack({ blocks = [] }: SlackMessage): Seen {
  const plain = (text = ''): string =>
    text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
  return {
    text: blocks.flatMap((block) => (block.text ? [plain(block.text.text)] : [])).join('\n'),
    buttons: blocks.flatMap(({ elements = [] }) =>
      elements.map(({ action_id: id = '', url, text }) => ({ id, url, label: plain(text?.text) })),
    ),
  };
}

interface DiscordInteraction {
  failed: boolean;
  message: DiscordMessage | null;
}
interface DiscordMessage {
  content: string;
  components: { components: { custom_id?: string; url?: string; label: string }[] }[];
}

function seenInDiscord({ content, components }: DiscordMessage): Seen {
  return {
    text: content.replace(/\\(.)/gs, '$1'),
    buttons: components.flatMap((row) =>
      row.components.map(({ custom_id: id = '', url, label }) => ({ id, url, label })),
    ),
  };
}
