import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs, SlashCommand } from '@slack/bolt';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { phrase } from '../../core/messages/messages.js';
import { findRecipientsProblem, parseRecipients, requireRecipients } from '../../core/shares/recipients.js';
import type { Answer, CommandResult } from '../chat.js';
import { COMMANDS, runCommand as runNamedCommand } from '../commands/run-command.js';
import { share } from '../commands/share.js';
import { listRecentFiles } from './recent-files.js';
import { openShareModal } from './share-modal.js';
import { personOfCommand, placesOf, replyTo, type SlackPerson } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** How people invite us: the manifest's display name. */
const BOT_NAME = 'passalong';

/** `/share`, alone or with addresses, and `/share help`, `history` and the like. */
export async function onShareCommand(
  tools: SlackTools,
  { ack, command }: SlackCommandMiddlewareArgs & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  const person = personOfCommand(command);
  await runCommand(tools, replyTo(person, command.response_url), `slack:${command.trigger_id}`, (reply) =>
    obey(tools, person, command, reply),
  );
}

async function obey(
  tools: SlackTools,
  person: SlackPerson,
  command: SlashCommand,
  reply: ChatReply,
): Promise<CommandResult> {
  const word = command.text.trim().toLowerCase();
  if (word === '') return openShareModal(tools, command.trigger_id, reply);
  const named = COMMANDS.find((name) => name === word);
  // One post is spent on the answer itself.
  const later = { ...reply, repliesLeft: reply.repliesLeft - 1 };
  return named
    ? runNamedCommand(tools.deps, person.profile, named, later, 'chat.help')
    : shareRecentFiles(tools, person, command, reply);
}

/** The person's own recent files go nowhere before they were named and Send was pressed. */
async function shareRecentFiles(
  { deps }: SlackTools,
  { profile, teamId, workspaceId }: SlackPerson,
  command: SlashCommand,
  reply: ChatReply,
): Promise<CommandResult> {
  const typed = parseRecipients(command.text);
  const place = { teamId, workspaceId, channelId: command.channel_id, userId: profile.userId };
  const files = await listRecentFiles(deps, place, { waits: findRecipientsProblem(typed) === null });
  if (files.length === 0) return noRecentFile(requireRecipients(typed), command.channel_name);
  return share(deps, {
    person: profile,
    requestKey: `slack:${command.trigger_id}`,
    entrance: 'SLACK',
    emailsText: command.text,
    files,
    places: placesOf({ teamId, workspaceId }),
    review: 'picked',
    reply,
  });
}

/** The button opens the form, with the addresses kept: five fit into its value. */
function noRecentFile(emails: string[], channelName: string): Answer {
  const label = phrase('button.choose_files', {});
  return {
    lines: [
      phrase('chat.no_recent_file', {}),
      ...(isPrivate(channelName) ? [phrase('file.not_visible', { bot: BOT_NAME })] : []),
    ],
    buttons: [{ label, action: 'choose-files', id: emails.join(' '), style: 'primary' }],
    isFinal: true,
  };
}

/** Slack says no more of a conversation that we may not be in. */
function isPrivate(channelName: string): boolean {
  return ['privategroup', 'directmessage'].includes(channelName) || channelName.startsWith('mpdm-');
}
