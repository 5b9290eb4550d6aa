import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { phraseOf } from '../../core/errors.js';
import { text } from '../../core/messages/messages.js';
import { findRecipientsProblem, parseRecipients } from '../../core/shares/recipients.js';
import { share } from '../commands/share.js';
import { describeOwnFile } from './recent-files.js';
import { replyOfForm } from './form-reply.js';
import { readShareForm } from './share-modal.js';
import { personOfInteraction, placesOf } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** The form of /share was sent: wrong addresses are said at their field, and the form stays as it is. */
export async function onShareSubmission(
  tools: SlackTools,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs,
): Promise<void> {
  const form = readShareForm(view);
  const person = personOfInteraction(body);
  const { reply: to } = replyOfForm(person, view.private_metadata);
  const problem = findRecipientsProblem(parseRecipients(form.emailsText));
  if (problem) {
    const { code, params } = phraseOf(problem);
    await ack({ response_action: 'errors', errors: { emails: text(code, params, to.language) } });
    return;
  }
  await ack();
  const { deps } = tools;
  await runCommand(tools, to, `slack:${view.id}:${view.hash}`, async (reply) => {
    const { teamId, workspaceId, profile } = person;
    const owner = { teamId, workspaceId, userId: profile.userId, channelId: form.channelId };
    const files = await Promise.all(form.fileIds.map((fileId) => describeOwnFile(deps, owner, fileId)));
    const { emailsText, message, lifetimeDays } = form;
    return share(deps, {
      person: profile,
      requestKey: `slack:${view.id}`,
      entrance: 'SLACK',
      emailsText,
      files,
      message,
      lifetimeDays,
      places: placesOf(person),
      review: 'done',
      reply,
    });
  });
}
