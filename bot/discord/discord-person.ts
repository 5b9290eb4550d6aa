import type { RepliableInteraction } from 'discord.js';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import { PLATFORM_NAMES } from '../../core/identities/link-codes.js';
import { languageOf } from '../../core/messages/messages.js';

/** An interaction's token lives 15 minutes; half a minute is kept back. */
const REPLY_LIFETIME_MS = 14.5 * 60 * 1000;

/** Discord sets no limit to edits of the first answer. */
const REPLY_EDITS = 1000;

/** Who did something in Discord. User ids are global, so no guild belongs to the identity. */
export function personOf({ user, guild }: RepliableInteraction): ChatProfile {
  return {
    platform: 'DISCORD',
    workspaceId: '',
    userId: user.id,
    userName: `@${user.username}`,
    // Without the Guilds intent a guild is an id alone.
    workspaceName: guild?.available ? guild.name : PLATFORM_NAMES.DISCORD,
  };
}

/** Where that is, as rules of workspaces are kept: the guild; nowhere in direct messages. */
export function placesOf({ guildId }: Pick<RepliableInteraction, 'guildId'>): string[] {
  return guildId === null ? [] : [guildId];
}

/** Where that person is answered: by editing what they see of this interaction. */
export function replyTo({ user, applicationId, token, locale }: RepliableInteraction): ChatReply {
  return {
    platform: 'DISCORD',
    workspaceId: '',
    userId: user.id,
    language: languageOf(locale) ?? 'en',
    teamId: '',
    replyHandle: `${applicationId}/${token}`,
    replyUntil: new Date(Date.now() + REPLY_LIFETIME_MS),
    repliesLeft: REPLY_EDITS,
  };
}
