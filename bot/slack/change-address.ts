import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { AppError, phraseOf } from '../../core/errors.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { text } from '../../core/messages/messages.js';
import { findRecipientsProblem, parseRecipients } from '../../core/shares/recipients.js';
import { replaceAddress } from '../commands/history.js';
import { plainText } from './render.js';
import { replyInForm, replyOfForm } from './form-reply.js';
import { personOfInteraction } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** The callback id of the form, by which its submission is known. */
export const CHANGE_ADDRESS_FORM = 'change-address-form';

/** Asks for another address; `id` is the share and the recipient whose address was wrong. @throws AppError unavailable */
export async function openAddressForm(
  { clientFor }: Pick<SlackTools, 'clientFor'>,
  triggerId: string,
  reply: ChatReply,
  id: string,
): Promise<null> {
  const { language } = reply;
  const client = await clientFor(reply);
  const title = plainText(text('modal.change_address', {}, language));
  const view = {
    ...({ type: 'modal', callback_id: CHANGE_ADDRESS_FORM, title } as const),
    private_metadata: JSON.stringify({ ...replyInForm(reply), id }),
    submit: plainText(text('modal.send', {}, language)),
    close: plainText(text('button.cancel', {}, language)),
    blocks: [
      {
        type: 'input' as const,
        block_id: 'address',
        label: plainText(text('modal.new_address', {}, language)),
        element: { type: 'plain_text_input' as const, action_id: 'address' },
      },
    ],
  };
  await client.views.open({ trigger_id: triggerId, view }).catch((error: unknown) => {
    throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
  });
  return null;
}

/** The form was sent: a wrong address is said at its field. */
export async function onAddressSubmission(
  tools: SlackTools,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs,
): Promise<void> {
  const person = personOfInteraction(body);
  const { reply: to, id } = replyOfForm(person, view.private_metadata);
  const addressText = view.state.values['address']?.['address']?.value ?? '';
  const parsed = parseRecipients(addressText);
  const problem =
    findRecipientsProblem(parsed) ??
    (parsed.emails.length > 1 ? new AppError('invalid', 'recipients.one', {}) : null);
  if (problem) {
    const { code, params } = phraseOf(problem);
    await ack({ response_action: 'errors', errors: { address: text(code, params, to.language) } });
    return;
  }
  await ack();
  await runCommand(tools, to, `slack:${view.id}:${view.hash}`, () =>
    replaceAddress(tools.deps, person.profile, { id, addressText }),
  );
}
