import type {
  AllMiddlewareArgs,
  GlobalShortcut,
  MessageShortcut,
  SlackShortcutMiddlewareArgs,
} from '@slack/bolt';
import { phrase } from '../../core/messages/messages.js';
import { MAX_FILES } from '../../core/shares/share-request.js';
import { openShareModal } from './share-modal.js';
import { personOfInteraction, replyDirectly, replyTo } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** The shortcuts' callback ids, as the manifest has them. */
export const SHARE_MESSAGE = 'share_message';
export const SHARE_NEW = 'share_new';

/** Share files by email, in the menu of a message, also within a thread: the form names the message's files. */
export async function onMessageShortcut(
  tools: SlackTools,
  { ack, shortcut }: SlackShortcutMiddlewareArgs<MessageShortcut> & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  const { message, channel, trigger_id: triggerId, response_url } = shortcut;
  const person = personOfInteraction(shortcut);
  const files = filesOf(message);
  await runCommand(tools, replyTo(person, response_url), `slack:${triggerId}`, async (reply) => {
    if (files.length === 0)
      return { lines: [phrase('chat.no_files_in_message', {})], buttons: [], isFinal: true };
    return openShareModal(tools, triggerId, reply, { picked: { files, channelId: channel.id } });
  });
}

/** Share a file, from anywhere: the empty form. Its answer comes as a direct message. */
export async function onGlobalShortcut(
  tools: SlackTools,
  { ack, shortcut }: SlackShortcutMiddlewareArgs<GlobalShortcut> & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  const { trigger_id: triggerId } = shortcut;
  const to = replyDirectly(personOfInteraction(shortcut));
  await runCommand(tools, to, `slack:${triggerId}`, (reply) => openShareModal(tools, triggerId, reply));
}

/** A message names its files, or, where Slack keeps what they are to itself, their ids alone. */
function filesOf(message: MessageShortcut['message']): { id: string; name: string }[] {
  const files: unknown = message['files'];
  if (!Array.isArray(files)) return [];
  return files.slice(0, MAX_FILES).flatMap((file: { id?: unknown; name?: unknown } | null) => {
    if (typeof file?.id !== 'string') return [];
    return [{ id: file.id, name: typeof file.name === 'string' ? file.name : file.id }];
  });
}
