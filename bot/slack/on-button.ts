import type { AllMiddlewareArgs, BlockAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { decodeButton, type CommandResult } from '../chat.js';
import { confirmLink, connect, refuseLink } from '../commands/connect.js';
import { cancelDraft, sendDraft } from '../commands/share.js';
import { openShareModal } from './share-modal.js';
import { personOfInteraction, replyTo, type SlackPerson } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

type Pressed = NonNullable<ReturnType<typeof decodeButton>> & { triggerId: string };

/** Any button on an answer of ours. One that only opens a page is acknowledged and no more. */
export async function onButton(
  tools: SlackTools,
  { ack, body, action }: SlackActionMiddlewareArgs<BlockAction> & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  const button = action.type === 'button' ? decodeButton(action.value ?? '') : null;
  if (!button) return;
  const person = personOfInteraction(body);
  await runCommand(tools, replyTo(person, body.response_url), (reply) =>
    obey(tools, person, { ...button, triggerId: body.trigger_id }, reply),
  );
}

async function obey(
  tools: SlackTools,
  { profile }: SlackPerson,
  { action, id, triggerId }: Pressed,
  reply: ChatReply,
): Promise<CommandResult> {
  const { deps } = tools;
  switch (action) {
    case 'connect':
      // One post is spent on the answer itself.
      return connect(deps, profile, { ...reply, repliesLeft: reply.repliesLeft - 1 });
    case 'confirm-link':
      return confirmLink(deps, profile, id, reply);
    case 'refuse-link':
      return refuseLink(deps, profile, id);
    case 'send-draft':
      return sendDraft(deps, profile, id, reply);
    case 'dismiss':
    case 'discard-draft':
      return cancelDraft(deps, profile, id);
    case 'choose-files':
      return openShareModal(tools, triggerId, reply, id);
  }
}
