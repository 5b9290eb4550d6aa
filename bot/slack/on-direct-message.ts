import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { phrase } from '../../core/messages/messages.js';
import { parseRecipients } from '../../core/shares/recipients.js';
import { MAX_FILES } from '../../core/shares/share-request.js';
import type { CommandResult } from '../chat.js';
import { help } from '../commands/answers.js';
import { COMMANDS, runCommand as runNamedCommand } from '../commands/run-command.js';
import { share } from '../commands/share.js';
import { describeOwnFile } from './recent-files.js';
import { personOfEvent, placesOf, replyDirectly, type SlackPerson } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** What somebody wrote to us directly. */
interface DirectMessage {
  userId: string;
  channelId: string;
  text: string;
  fileIds: string[];
}

/** A direct message with files and addresses is a share; one with a word of ours is a command. */
export async function onDirectMessage(
  tools: SlackTools,
  { event, body }: SlackEventMiddlewareArgs<'message'> & AllMiddlewareArgs,
): Promise<void> {
  const message = readMessage(event);
  if (!message) return;
  const person = personOfEvent(message.userId, body);
  await runCommand(tools, replyDirectly(person), `slack:${body.event_id}`, (reply) =>
    obey(tools, person, message, { key: `slack:${body.event_id}`, reply }),
  );
}

async function obey(
  { deps }: SlackTools,
  { profile, teamId, workspaceId }: SlackPerson,
  { userId, channelId, text, fileIds }: DirectMessage,
  { key, reply }: { key: string; reply: ChatReply },
): Promise<CommandResult> {
  if (fileIds.length > 0) {
    const place = { teamId, workspaceId, userId, channelId };
    const files = await Promise.all(fileIds.map((fileId) => describeOwnFile(deps, place, fileId)));
    return share(deps, {
      person: profile,
      requestKey: key,
      entrance: 'SLACK',
      emailsText: text,
      files,
      places: placesOf({ teamId, workspaceId }),
      review: 'typed',
      reply,
    });
  }
  const word = text
    .trim()
    .toLowerCase()
    .replace(/^\/share\s+/, '');
  const command = COMMANDS.find((name) => name === word);
  if (command) return runNamedCommand(deps, profile, command, reply, 'chat.help');
  const { emails } = parseRecipients(text);
  if (emails.length === 0) return help();
  return {
    lines: [phrase('chat.no_file_here', {})],
    buttons: [
      {
        label: phrase('button.choose_files', {}),
        action: 'choose-files',
        id: emails.join(' '),
        style: 'primary',
      },
    ],
    isFinal: true,
  };
}

/** What people write themselves; edits, deletions and our own messages are none of it. */
function readMessage(event: SlackEventMiddlewareArgs<'message'>['event']): DirectMessage | null {
  if (event.channel_type !== 'im') return null;
  if (event.subtype !== undefined && event.subtype !== 'file_share') return null;
  const { user: userId, channel: channelId, text = '' } = event;
  if ('bot_id' in event && event.bot_id) return null;
  const files: unknown = 'files' in event ? event.files : [];
  const fileIds = (Array.isArray(files) ? files : []).flatMap((file: { id?: unknown } | null) =>
    typeof file?.id === 'string' ? [file.id] : [],
  );
  return { userId, channelId, text, fileIds: fileIds.slice(0, MAX_FILES + 1) };
}
