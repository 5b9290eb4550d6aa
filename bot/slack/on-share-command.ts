import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs, SlashCommand } from '@slack/bolt';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { phrase } from '../../core/messages/messages.js';
import { parseRecipients, requireRecipients } from '../../core/shares/recipients.js';
import type { Answer, CommandResult } from '../chat.js';
import { help } from '../commands/answers.js';
import { connect } from '../commands/connect.js';
import { share } from '../commands/share.js';
import { listRecentFiles } from './recent-files.js';
import { openShareModal } from './share-modal.js';
import { personOfCommand, replyTo, type SlackPerson } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** `/share`, alone or with addresses, `/share help` and `/share connect`. */
export async function onShareCommand(
  tools: SlackTools,
  { ack, command }: SlackCommandMiddlewareArgs & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  const person = personOfCommand(command);
  await runCommand(tools, replyTo(person, command.response_url), (reply) =>
    obey(tools, person, command, reply),
  );
}

async function obey(
  tools: SlackTools,
  person: SlackPerson,
  command: SlashCommand,
  reply: ChatReply,
): Promise<CommandResult> {
  switch (command.text.trim().toLowerCase()) {
    case '':
      return openShareModal(tools, command.trigger_id, reply);
    case 'help':
      return help();
    case 'connect':
      // One post is spent on the answer itself.
      return connect(tools.deps, person.profile, { ...reply, repliesLeft: reply.repliesLeft - 1 });
    default:
      return shareRecentFiles(tools, person, command, reply);
  }
}

/** The person's own recent files go nowhere before they were named and Send was pressed. */
async function shareRecentFiles(
  { deps }: SlackTools,
  { profile, teamId }: SlackPerson,
  command: SlashCommand,
  reply: ChatReply,
): Promise<CommandResult> {
  const emails = requireRecipients(parseRecipients(command.text));
  const place = { teamId, channelId: command.channel_id, userId: profile.userId };
  const files = await listRecentFiles(deps, place);
  if (files.length === 0) return noRecentFile(emails);
  return share(deps, {
    person: profile,
    requestKey: `slack:${command.trigger_id}`,
    entrance: 'SLACK',
    emailsText: emails.join(' '),
    files,
    needsConfirmation: true,
    reply,
  });
}

/** The button opens the form, with the addresses kept: five fit into its value. */
function noRecentFile(emails: string[]): Answer {
  const label = phrase('button.choose_files', {});
  return {
    lines: [phrase('chat.no_recent_file', {})],
    buttons: [{ label, action: 'choose-files', id: emails.join(' '), style: 'primary' }],
    isFinal: true,
  };
}
