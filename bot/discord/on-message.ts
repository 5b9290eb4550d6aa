import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import { findLanguage } from '../../core/identities/find-language.js';
import { PLATFORM_NAMES } from '../../core/identities/link-codes.js';
import { phrase, text } from '../../core/messages/messages.js';
import { isFirstSeen } from '../../core/seen-request.js';
import { speak, type BotDeps, type CommandResult } from '../chat.js';
import { help } from '../commands/answers.js';
import { COMMANDS, runCommand } from '../commands/run-command.js';
import { explain, share } from '../commands/share.js';
import type { DiscordAnswers } from './discord-answers.js';
import { describeFiles } from './to-chat-share.js';

/** What is read of a message. @see https://docs.discord.com/developers/resources/message#message-object */
const messageHeard = z.object({
  id: z.string(),
  channel_id: z.string(),
  guild_id: z.string().nullish(),
  author: z.object({ id: z.string(), username: z.string(), bot: z.boolean().nullish() }),
  content: z.string(),
  mentions: z.array(z.object({ id: z.string() })),
  attachments: z.array(
    z.object({
      filename: z.string(),
      title: z.string().nullish(),
      content_type: z.string().nullish(),
      size: z.number(),
      url: z.string(),
    }),
  ),
});
type MessageHeard = z.output<typeof messageHeard>;

/**
 * A message that mentions us, or was written to us directly: with files and addresses it is a share. The answer is
 * a direct message, for nobody else's eyes. Never throws.
 */
export async function onMessage(
  deps: BotDeps,
  answers: DiscordAnswers,
  botId: string,
  heard: unknown,
): Promise<void> {
  const { data: message } = messageHeard.safeParse(heard);
  if (!message) return;
  const { author, guild_id: guildId, mentions, id, channel_id: channelId } = message;
  const isMentioned = mentions.some((user) => user.id === botId);
  if (author.bot || (guildId && !isMentioned)) return;
  const log = deps.log.child({ messageId: id });
  const reference = randomUUID().slice(0, 8);
  try {
    if (!(await isFirstSeen(deps, `discord:${id}`))) return;
    const reply = await replyDirectly(deps, author.id);
    const answer = await obey(deps, botId, message, reply).catch((error: unknown) =>
      explain({ log }, error, reference),
    );
    if (!answer) return;
    const isTaken = await answers.message(reply, speak(answer, reply.language));
    if (!isTaken && guildId)
      await answers.replyInChannel(channelId, id, text('chat.no_direct_messages', {}, reply.language));
  } catch (error) {
    log.warn({ err: error, reference }, 'message of Discord not answered');
  }
}

async function obey(
  deps: BotDeps,
  botId: string,
  { id, author, content, attachments, guild_id: guildId }: MessageHeard,
  reply: ChatReply,
): Promise<CommandResult> {
  const person: ChatProfile = {
    platform: 'DISCORD',
    workspaceId: '',
    userId: author.id,
    userName: `@${author.username}`,
    workspaceName: PLATFORM_NAMES.DISCORD,
  };
  const words = content.replace(new RegExp(`<@!?${botId}>`, 'g'), ' ').trim();
  const files = describeFiles(
    attachments.map(({ filename: name, content_type: contentType, ...file }) => ({
      ...file,
      name,
      contentType,
    })),
  );
  if (files.length === 0) {
    const command = COMMANDS.find(
      (name) => name === words.toLowerCase().replace(/^\/(share|passalong)\s+/, ''),
    );
    if (command) return runCommand(deps, person, command, reply, 'chat.help_discord');
    return words.includes('@')
      ? { lines: [phrase('chat.attach_to_message', {})], buttons: [], isFinal: true }
      : help('chat.help_discord');
  }
  return share(deps, {
    person,
    requestKey: `discord:${id}`,
    entrance: 'DISCORD',
    emailsText: words,
    files,
    places: guildId ? [guildId] : [],
    review: 'typed',
    reply,
  });
}

async function replyDirectly(deps: BotDeps, userId: string): Promise<ChatReply> {
  const user = { platform: 'DISCORD', workspaceId: '', userId } as const;
  const language = await findLanguage(deps, user);
  return { ...user, teamId: '', language, replyHandle: '', replyUntil: new Date(0), repliesLeft: 0 };
}
