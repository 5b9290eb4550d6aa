import type { AllMiddlewareArgs, BlockAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { decodeButton, type CommandResult } from '../chat.js';
import { pressButton } from '../commands/press-button.js';
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
  if (action === 'choose-files') return openShareModal(tools, triggerId, reply, id);
  // One post is spent on the answer itself.
  const later = action === 'connect' ? { ...reply, repliesLeft: reply.repliesLeft - 1 } : reply;
  return pressButton(tools.deps, profile, { action, id }, later);
}
