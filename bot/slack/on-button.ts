import type { AllMiddlewareArgs, BlockAction, SlackActionMiddlewareArgs } from '@slack/bolt';
import type { ChatReply, ChatUser } from '../../core/identities/chat-user.js';
import { AppError } from '../../core/errors.js';
import { findWaitingDraft } from '../../core/shares/share-drafts.js';
import { decodeButton, type CommandResult } from '../chat.js';
import { pressButton } from '../commands/press-button.js';
import { exportLog, requireGoverned } from '../commands/rules.js';
import { openAddressForm } from './change-address.js';
import { withRules } from './home-rules.js';
import { isHome, replyAtHome } from './home.js';
import { openRulesModal } from './rules-modal.js';
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
  const to = body.view?.type === 'home' ? replyAtHome(person) : replyTo(person, body.response_url);
  await runCommand(tools, to, `slack:${body.trigger_id}`, (reply) =>
    obey(tools, person, { ...button, triggerId: body.trigger_id }, reply),
  );
}

async function obey(
  tools: SlackTools,
  person: SlackPerson,
  { action, id, triggerId }: Pressed,
  reply: ChatReply,
): Promise<CommandResult> {
  const { profile } = person;
  if (action === 'choose-files') return openShareModal(tools, triggerId, reply, { emailsText: id });
  if (action === 'change-address') return openAddressForm(tools, triggerId, reply, id);
  if (action === 'fix') return openFormAgain(tools, profile, { id, triggerId }, reply);
  if (action === 'change-rules') return openRulesModal(tools, triggerId, person, reply);
  if (action === 'export-log') {
    const workspaceId = requireGoverned(await tools.governs(person, profile.userId));
    return exportLog(tools.deps, profile, workspaceId);
  }
  // One post is spent on the answer itself.
  const later = action === 'connect' ? { ...reply, repliesLeft: reply.repliesLeft - 1 } : reply;
  const answer = await pressButton(tools.deps, profile, { action, id }, later);
  const isFirstPage = action === 'history' && isHome(reply.replyHandle);
  return answer && isFirstPage ? withRules(tools, person, answer) : answer;
}

/** The form with what was typed and the files that were picked: own ones, so that no channel stands for them. */
async function openFormAgain(
  tools: SlackTools,
  person: ChatUser,
  { id, triggerId }: { id: string; triggerId: string },
  reply: ChatReply,
): Promise<null> {
  const waiting = await findWaitingDraft(tools.deps, person, id);
  if (!waiting) throw new AppError('gone', 'share.draft_gone', {});
  const files = waiting.request.files.flatMap(({ name, source }) =>
    source.kind === 'slack' ? [{ id: source.fileId, name }] : [],
  );
  const { emailsText } = waiting.request;
  return openShareModal(tools, triggerId, reply, { emailsText, picked: { files, channelId: '' } });
}
