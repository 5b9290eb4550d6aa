import type { types, ViewOutput } from '@slack/bolt';
import { AppError } from '../../core/errors.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { text, type Language } from '../../core/messages/messages.js';
import { LIFETIMES_DAYS } from '../../core/shares/share-request.js';
import {
  getRules,
  MAX_DOMAINS_LENGTH,
  writeRulesForm,
  type Rules,
  type RulesForm,
} from '../../core/shares/workspace-rules.js';
import { requireGoverned } from '../commands/rules.js';
import { plainText } from './render.js';
import type { SlackPerson } from './slack-person.js';
import type { SlackTools } from './slack-tools.js';

/** The callback id of the form of a workspace's rules. */
export const RULES_FORM = 'rules-form';

const MAX_TITLE = 24;

/** Opens the form, for whoever administers the workspace. @throws AppError forbidden, unavailable */
export async function openRulesModal(
  { deps, clientFor, governs }: SlackTools,
  triggerId: string,
  person: SlackPerson,
  reply: ChatReply,
): Promise<null> {
  const workspaceId = requireGoverned(await governs(person, person.profile.userId));
  const rules = await getRules(deps, { platform: 'SLACK', workspaceId });
  const client = await clientFor(reply);
  try {
    await client.views.open({ trigger_id: triggerId, view: rulesModal(rules, reply.language) });
    return null;
  } catch (error) {
    throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
  }
}

/** What a submitted form says. */
export function readRulesModal({ state: { values } }: ViewOutput): RulesForm {
  return {
    domainsText: values['domains']?.['domains']?.value ?? '',
    lifetime: values['lifetime']?.['lifetime']?.selected_option?.value ?? '',
    sizeText: values['size']?.['size']?.value ?? '',
  };
}

function rulesModal(rules: Rules, language: Language): types.ModalView {
  const { domainsText, lifetime, sizeText } = writeRulesForm(rules);
  const lifetimes = [0, ...LIFETIMES_DAYS].map((days): types.PlainTextOption => {
    const label = days ? text('modal.days', { days }, language) : text('modal.rules_no_limit', {}, language);
    return { text: plainText(label), value: String(days) };
  });
  const initial = lifetimes.find(({ value }) => value === lifetime);
  return {
    type: 'modal',
    callback_id: RULES_FORM,
    private_metadata: language,
    title: plainText(text('modal.rules_title', {}, language), MAX_TITLE),
    submit: plainText(text('modal.save', {}, language), MAX_TITLE),
    close: plainText(text('button.cancel', {}, language), MAX_TITLE),
    blocks: [
      {
        type: 'input',
        block_id: 'domains',
        label: plainText(text('modal.rules_domains', {}, language)),
        hint: plainText(text('modal.rules_domains_hint', {}, language)),
        optional: true,
        element: {
          type: 'plain_text_input',
          action_id: 'domains',
          multiline: true,
          max_length: MAX_DOMAINS_LENGTH,
          ...(domainsText ? { initial_value: domainsText } : {}),
        },
      },
      {
        type: 'input',
        block_id: 'lifetime',
        label: plainText(text('modal.rules_lifetime', {}, language)),
        element: {
          type: 'static_select',
          action_id: 'lifetime',
          options: lifetimes,
          ...(initial ? { initial_option: initial } : {}),
        },
      },
      {
        type: 'input',
        block_id: 'size',
        label: plainText(text('modal.rules_size', {}, language)),
        optional: true,
        element: {
          type: 'plain_text_input',
          action_id: 'size',
          max_length: 20,
          ...(sizeText ? { initial_value: sizeText } : {}),
        },
      },
    ],
  };
}
