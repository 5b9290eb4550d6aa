import { attachmentObject, type AttachmentObject } from './cdn.js';
import type { Component, Embed } from './validate-message.js';
import { snowflakeTimeMs, type Channel, type Guild, type StoredMessage, type World } from './world.js';

const ALL_PERMISSIONS = (1n << 53n) - 1n;
const ADMINISTRATOR = 1n << 3n;
const MANAGE_GUILD = 1n << 5n;
const LONG_AGO = '2024-01-01T00:00:00.000000+00:00';

type Json = Record<string, unknown>;
interface UserObject {
  id: string;
  username: string;
  bot: boolean;
}
/** A message object, with the fields that callers of the control look at. */
export interface MessageObject {
  id: string;
  channel_id: string;
  author: UserObject;
  content: string;
  embeds: Embed[];
  components: Component[];
  attachments: AttachmentObject[];
  timestamp: string;
  edited_timestamp: string | null;
  flags: number;
}

/** The user object of a person or of the bot, whose user id equals the application's id. */
export function userObject(world: World, userId: string): UserObject {
  const isBot = userId === world.applicationId;
  const person = world.people.get(userId);
  const user = {
    id: userId,
    username: person?.username ?? 'passalong',
    global_name: person?.globalName ?? null,
    discriminator: isBot ? '4242' : '0',
    avatar: null,
    bot: isBot,
    flags: 0,
  };
  return user;
}

/** @see https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags */
function permissionsOf(world: World, userId: string): bigint {
  const isManager = userId === world.applicationId || world.people.get(userId)?.managesGuilds === true;
  return isManager ? ALL_PERMISSIONS : ALL_PERMISSIONS & ~(ADMINISTRATOR | MANAGE_GUILD);
}

/** Whether somebody may use what wants these permissions, all of them; none but an administrator for an empty set. */
export function mayUse(world: World, userId: string, wanted: bigint): boolean {
  const has = permissionsOf(world, userId);
  return Boolean(has & ADMINISTRATOR) || (wanted !== 0n && (has & wanted) === wanted);
}

export function memberObject(world: World, userId: string): Json {
  const user = userObject(world, userId);
  return {
    user,
    roles: [],
    joined_at: LONG_AGO,
    deaf: false,
    mute: false,
    flags: 0,
    permissions: String(permissionsOf(world, userId)),
  };
}

export function channelObject(world: World, { id, name, guildId, recipientId }: Channel): Json {
  if (recipientId) return { id, type: 1, flags: 0, recipients: [userObject(world, recipientId)] };
  return { id, type: 0, flags: 0, guild_id: guildId, name, position: 0, permission_overwrites: [] };
}

/** The guild as GUILD_CREATE has it: discord.js needs every array. */
export function guildObject(world: World, { id, name }: Guild): Json {
  const members = [world.applicationId, ...world.people.keys()].map((userId) => memberObject(world, userId));
  const channels = [...world.channels.values()].filter((it) => it.guildId === id);
  const everyone = {
    id,
    name: '@everyone',
    permissions: String(ALL_PERMISSIONS & ~(ADMINISTRATOR | MANAGE_GUILD)),
    position: 0,
    flags: 0,
  };
  const empty = ['threads', 'emojis', 'stickers', 'features', 'presences', 'voice_states', 'stage_instances'];
  const alsoEmpty = ['guild_scheduled_events', 'soundboard_sounds'];
  return {
    ...Object.fromEntries([...empty, ...alsoEmpty].map((key) => [key, []])),
    ...{ id, name, members, roles: [everyone], joined_at: LONG_AGO, large: false, unavailable: false },
    ...{ owner_id: [...world.people.keys()][0], member_count: members.length, preferred_locale: 'en-US' },
    channels: channels.map((it) => channelObject(world, it)),
  };
}

/** The application object of `applications/@me`. */
export function applicationObject(world: World): Json {
  const bot = userObject(world, world.applicationId);
  return {
    id: world.applicationId,
    name: 'Passalong',
    icon: null,
    description: '',
    flags: 0,
    bot,
    bot_public: true,
  };
}

/** A message as clients get it; with `isForBot`, without what the Message Content intent would be needed for. */
export function messageObject(world: World, message: StoredMessage, isForBot = false): MessageObject {
  const isVisible = !isForBot || mayReadContent(world, message);
  const files = message.fileIds.flatMap((id) => world.files.get(id) ?? []);
  const isAnswer = message.interaction !== null;
  const object = {
    id: message.id,
    type: isAnswer ? 20 : 0,
    channel_id: message.channelId,
    author: userObject(world, message.authorId),
    content: isVisible ? message.content : '',
    embeds: isVisible ? message.embeds : [],
    components: isVisible ? message.components : [],
    attachments: isVisible ? files.map((file) => attachmentObject(world, file, false)) : [],
    timestamp: new Date(snowflakeTimeMs(message.id)).toISOString(),
    edited_timestamp: message.editedAtMs === null ? null : new Date(message.editedAtMs).toISOString(),
    flags: message.flags,
    mentions: mentionedIds(message)
      .filter((id) => id === world.applicationId || world.people.has(id))
      .map((id) => userObject(world, id)),
    ...{ mention_roles: [], mention_everyone: false, pinned: false, tts: false },
    ...(message.interaction && {
      application_id: world.applicationId,
      webhook_id: world.applicationId,
      interaction_metadata: {
        id: message.interaction.id,
        type: message.interaction.type,
        user: userObject(world, message.interaction.userId),
        authorizing_integration_owners: {},
      },
    }),
  };
  return object;
}

/**
 * Without the privileged intent, an app reads its own messages, direct messages to it and messages that mention it.
 * @see https://docs.discord.com/developers/events/gateway#message-content-intent
 */
function mayReadContent(world: World, message: StoredMessage): boolean {
  const isDirect = world.channels.get(message.channelId)?.recipientId !== null;
  return (
    isDirect ||
    message.authorId === world.applicationId ||
    mentionedIds(message).includes(world.applicationId)
  );
}

function mentionedIds(message: StoredMessage): string[] {
  return [...new Set([...message.content.matchAll(/<@!?(\d+)>/g)].flatMap((match) => match[1] ?? []))];
}
