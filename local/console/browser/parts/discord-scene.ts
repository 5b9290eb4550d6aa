import type { Sight } from '../../../discord/sight.js';
import { fieldsOfOptions, partsOfComponents, partsOfEmbed, type Component } from './discord-components.js';
import { readMarkdown, type NameOf } from './formatting.js';
import type { Command, Modal, Part, Place, Scene, ShownMessage, Where } from './scene.js';

const [CHAT_INPUT, ON_MESSAGE] = [1, 3];
const [SUBCOMMAND, SUBCOMMAND_GROUP] = [1, 2];
const LOADING = 1 << 7;

type Channel = Sight['channels'][number];
type Registered = Channel['commands'][number];

/** What a person sees of Discord, at one place. @throws Error where there is no channel */
export function sceneOfDiscord(sight: Sight, where: Where): Scene {
  const { people, guilds, channels, app } = sight;
  const nameOf: NameOf = (id) => nameIn(sight, id);
  const channel = channels.find(({ id }) => id === where.placeId) ?? channels[0];
  if (!channel) throw new Error('There is no channel.');
  const servers = guilds.map(({ id, name }) => {
    return {
      title: name,
      places: channels.filter((it) => it.guildId === id).map((it) => placeOf(sight, it)),
    };
  });
  const direct = channels.filter(({ recipientId }) => recipientId).map((it) => placeOf(sight, it));
  const guild = guilds.find(({ id }) => id === channel.guildId);
  const about = !guild
    ? `Direct messages with ${app.name}`
    : guild.hasApp
      ? `${app.name} is in this server, ${guild.name}`
      : `${app.name} is not in this server, ${guild.name}; its commands are here for those who installed it for themselves`;
  return {
    people: people.map(({ id, globalName }) => ({ id, name: globalName })),
    groups: [...servers, { title: 'Direct messages', places: direct }],
    place: { ...placeOf(sight, channel), about },
    commands: channel.commands.filter(({ type }) => type === CHAT_INPUT).flatMap(commandsOf),
    shortcuts: [],
    messages: messagesIn(sight, channel, nameOf),
    page: null,
    modal: modalOf(sight, nameOf),
    outcomes: sight.interactions.map(({ id, acknowledged, failed }) => {
      return { id, isDone: acknowledged || failed, failure: failed ? 'failed' : null };
    }),
  };
}

function placeOf({ messages, app }: Sight, { id, name }: Channel): Place {
  const lastId = messages.findLast(({ channel_id }) => channel_id === id)?.id ?? '';
  return { id, name: name ?? app.name, icon: name === null ? 'chat' : 'hash', lastId };
}

/** A command with subcommands is only a name: each of them is offered by itself. */
function commandsOf(command: Registered): Command[] {
  const offer = (
    path: string,
    { description, options }: Pick<Registered, 'description' | 'options'>,
  ): Command[] => {
    const inner = (options ?? []).filter(({ type }) => type === SUBCOMMAND || type === SUBCOMMAND_GROUP);
    if (inner.length > 0) return inner.flatMap((it) => offer(`${path} ${it.name}`, it));
    const fields = fieldsOfOptions(options ?? []);
    const hint = fields.map(({ id, isRequired }) => (isRequired ? id : `[${id}]`)).join(' ');
    return [{ id: path, name: `/${path}`, description: description ?? '', hint, fields }];
  };
  return offer(command.name, command);
}

function messagesIn({ messages, app }: Sight, channel: Channel, nameOf: NameOf): ShownMessage[] {
  const menu = channel.commands
    .filter(({ type }) => type === ON_MESSAGE)
    .map(({ name }) => ({ id: name, name }));
  return messages
    .filter(({ channel_id }) => channel_id === channel.id)
    .map((message) => ({
      id: message.id,
      author: nameOf(message.author.id),
      isApp: message.author.id === app.id,
      at: Date.parse(message.timestamp),
      isOnlyForYou: message.isOnlyForOne,
      isEdited: message.edited_timestamp !== null,
      isThinking: Boolean(message.flags & LOADING),
      parts: [
        ...(message.content ? [textPart(message.content, nameOf)] : []),
        ...message.embeds.flatMap((it) => partsOfEmbed(it, nameOf)),
        ...partsOfComponents(message.components as Component[], nameOf),
      ],
      files: message.attachments,
      menu: message.isOnlyForOne ? [] : menu,
      replies: null,
    }));
}

function textPart(content: string, nameOf: NameOf): Part {
  return { kind: 'text', pieces: readMarkdown(content, nameOf) };
}

/** The modal that the newest act has opened, until it is sent. A reload of the real client forgets it. */
function modalOf({ interactions }: Sight, nameOf: NameOf): Modal | null {
  const opener = interactions.findLast(({ modal }) => modal !== null);
  if (!opener?.modal) return null;
  const { title, components } = opener.modal;
  const parts = partsOfComponents(components as Component[], nameOf);
  return {
    id: opener.id,
    openedBy: opener.id,
    revision: '',
    title,
    submit: 'Submit',
    close: 'Cancel',
    parts,
  };
}

function nameIn({ people, app, channels }: Sight, id: string): string {
  if (id === app.id) return app.name;
  const person = people.find((it) => it.id === id)?.globalName;
  return person ?? channels.find((it) => it.id === id)?.name ?? id;
}
