import { refusal } from './discord-error.js';
import { messageObject } from './objects.js';
import { EPHEMERAL, LOADING, allComponents, type MessageBody } from './validate-message.js';
import type { StoredMessage, World } from './world.js';

const INTENT_GUILD_MESSAGES = 1 << 9;
const INTENT_DIRECT_MESSAGES = 1 << 12;

/**
 * Stores a message and tells the gateway, unless only one person sees it.
 * @throws DiscordError 50006 when it holds nothing.
 */
export function createMessage(
  world: World,
  draft: Pick<StoredMessage, 'channelId' | 'authorId'> &
    Partial<Pick<StoredMessage, 'fileIds' | 'onlyFor' | 'interaction'>>,
  body: MessageBody,
): StoredMessage {
  const message: StoredMessage = {
    fileIds: [],
    onlyFor: null,
    interaction: null,
    ...draft,
    ...contentOf(body, { content: '', embeds: [], components: [] }),
    id: world.snowflake(),
    flags: body.flags ?? 0,
    editedAtMs: null,
    isDeleted: false,
    history: [],
  };
  const isEmpty =
    !message.content && message.embeds.length + message.components.length + message.fileIds.length === 0;
  if (isEmpty && !(message.flags & LOADING)) throw refusal('emptyMessage');
  world.messages.set(message.id, message);
  remember(world, message);
  announce(world, 'MESSAGE_CREATE', message);
  return message;
}

/** Applies an edit: a field that is absent stays, and whether the message is ephemeral cannot change. */
export function editMessage(world: World, message: StoredMessage, body: MessageBody): StoredMessage {
  Object.assign(message, contentOf(body, message), {
    editedAtMs: message.flags & LOADING ? null : world.now(),
  });
  message.flags = ((body.flags ?? message.flags) & ~EPHEMERAL & ~LOADING) | (message.flags & EPHEMERAL);
  remember(world, message);
  announce(world, 'MESSAGE_UPDATE', message);
  return message;
}

export function deleteMessage(world: World, message: StoredMessage): void {
  message.isDeleted = true;
  announce(world, 'MESSAGE_DELETE', message);
}

/** @throws DiscordError 10008 when there is no such message (any more). */
export function getMessage(world: World, id: string | null | undefined): StoredMessage {
  const message = world.messages.get(id ?? '');
  if (!message || message.isDeleted) throw refusal('unknownMessage');
  return message;
}

function contentOf(body: MessageBody, before: Pick<StoredMessage, 'content' | 'embeds' | 'components'>) {
  const components = body.components === undefined ? before.components : (body.components ?? []);
  allComponents(components).forEach((it, index) => (it.id = index + 1));
  return {
    content: body.content === undefined ? before.content : (body.content ?? ''),
    embeds: body.embeds === undefined ? before.embeds : (body.embeds ?? []),
    components,
  };
}

function remember(world: World, message: StoredMessage): void {
  message.history.push(structuredClone(messageObject(world, message)));
}

function announce(world: World, event: string, message: StoredMessage): void {
  if (message.onlyFor) return;
  const guildId = world.channels.get(message.channelId)?.guildId;
  if (guildId && !world.guilds.get(guildId)?.hasApp) return;
  const isDelete = event === 'MESSAGE_DELETE';
  const data = isDelete
    ? { id: message.id, channel_id: message.channelId }
    : messageObject(world, message, true);
  const place = guildId ? { guild_id: guildId, channel_type: 0 } : { channel_type: 1 };
  const intent = guildId ? INTENT_GUILD_MESSAGES : INTENT_DIRECT_MESSAGES;
  world.events.emit('dispatch', event, { ...data, ...place }, intent);
}
