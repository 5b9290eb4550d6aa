import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { phraseOf } from '../../core/errors.js';
import { languageOf, text } from '../../core/messages/messages.js';
import { readRulesForm } from '../../core/shares/workspace-rules.js';
import { changeRules, requireGoverned } from '../commands/rules.js';
import { replyAtHome } from './home.js';
import { readRulesModal } from './rules-modal.js';
import { personOfInteraction } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/**
 * The form of a workspace's rules was sent. What is wrong in it is said at its field; whether the person administers the
 * workspace is asked anew, since forms travel through clients.
 */
export async function onRulesSubmission(
  tools: SlackTools,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs,
): Promise<void> {
  const { rules, problems } = readRulesForm(readRulesModal(view));
  const language = languageOf(view.private_metadata) ?? 'en';
  const errors = Object.entries(problems).map(([field, problem]) => {
    const { code, params } = phraseOf(problem);
    return [field, text(code, params, language)] as const;
  });
  if (errors.length > 0) {
    await ack({ response_action: 'errors', errors: Object.fromEntries(errors) });
    return;
  }
  await ack();
  const person = personOfInteraction(body);
  await runCommand(tools, replyAtHome(person), `slack:${view.id}:${view.hash}`, async () => {
    const { profile } = person;
    const workspaceId = requireGoverned(await tools.governs(person, profile.userId));
    return changeRules(tools.deps, profile, workspaceId, { rules });
  });
}
