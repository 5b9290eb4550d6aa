import type { types, ViewOutput } from '@slack/bolt';
import * as z from 'zod';
import { AppError } from '../../core/errors.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import type { MessageCode, MessageParams } from '../../core/messages/en.js';
import { text } from '../../core/messages/messages.js';
import { DEFAULT_LIFETIME_DAYS, MAX_FILES, MAX_MESSAGE_LENGTH } from '../../core/shares/share-request.js';
import {
  allowedLifetimesDays,
  defaultLifetimeDays,
  findRules,
  type Rules,
} from '../../core/shares/workspace-rules.js';
import { parseJson, replyInForm } from './form-reply.js';
import { plainText } from './render.js';
import { placesOf } from './slack-person.js';
import type { SlackTools } from './slack-tools.js';

/** The callback id of the form, by which its submission is known. */
export const SHARE_FORM = 'share-form';

/** What travels with the form besides: files of a message that were picked beforehand, and where it stands. */
const pickedInForm = z.object({
  files: z.array(z.string()).max(MAX_FILES).default([]),
  channel: z.string().optional(),
});

const MAX_LABEL = 2000;
const MAX_TITLE = 24;

/** Files that a form is about from the beginning: those of a message. */
export interface PickedFiles {
  files: { id: string; name: string }[];
  channelId: string;
}

/** What somebody filled in. */
export interface ShareForm {
  emailsText: string;
  fileIds: string[];
  /** Where the files were posted, if they were not uploaded into the form. */
  channelId: string | undefined;
  message: string;
  lifetimeDays: number;
}

/** Opens the form of /share. A trigger lives three seconds and opens one. @throws AppError unavailable */
export async function openShareModal(
  { deps, clientFor }: Pick<SlackTools, 'deps' | 'clientFor'>,
  triggerId: string,
  reply: ChatReply,
  filled: { emailsText?: string; picked?: PickedFiles } = {},
): Promise<null> {
  const rules = await findRules(deps.db, 'SLACK', placesOf(reply));
  const client = await clientFor(reply);
  try {
    await client.views.open({ trigger_id: triggerId, view: shareModal(reply, filled, rules) });
    return null;
  } catch (error) {
    throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
  }
}

/** What a submitted form says. */
export function readShareForm({ state: { values }, private_metadata }: ViewOutput): ShareForm {
  const { files = [], channel: channelId } = pickedInForm.safeParse(parseJson(private_metadata)).data ?? {};
  const uploaded = (values['files']?.['files']?.files ?? []).map(({ id }) => id);
  return {
    emailsText: values['emails']?.['emails']?.value ?? '',
    fileIds: channelId === undefined ? uploaded : files,
    channelId,
    message: values['message']?.['message']?.value ?? '',
    lifetimeDays: Number(values['lifetime']?.['lifetime']?.selected_option?.value ?? DEFAULT_LIFETIME_DAYS),
  };
}

function shareModal(
  reply: ChatReply,
  { emailsText = '', picked }: { emailsText?: string; picked?: PickedFiles },
  rules: readonly Rules[],
): types.ModalView {
  const { language } = reply;
  const metadata = {
    ...replyInForm(reply),
    ...(picked ? { files: picked.files.map(({ id }) => id), channel: picked.channelId } : {}),
  };
  const say = <C extends MessageCode>(code: C, params: MessageParams<C>): string =>
    text(code, params, language);
  return {
    type: 'modal',
    callback_id: SHARE_FORM,
    private_metadata: JSON.stringify(metadata),
    title: plainText(say('modal.title', {}), MAX_TITLE),
    submit: plainText(say('modal.send', {}), MAX_TITLE),
    close: plainText(say('button.cancel', {}), MAX_TITLE),
    blocks: [
      picked
        ? namePicked(picked)
        : {
            ...input('files', say('modal.files', {}), {
              type: 'file_input',
              action_id: 'files',
              max_files: MAX_FILES,
            }),
            hint: plainText(say('modal.files_hint', {}), MAX_LABEL),
          },
      input('emails', say('modal.emails', {}), {
        type: 'plain_text_input',
        action_id: 'emails',
        ...(emailsText ? { initial_value: emailsText } : {}),
      }),
      {
        ...input('message', say('modal.message', {}), {
          type: 'plain_text_input',
          action_id: 'message',
          multiline: true,
          max_length: MAX_MESSAGE_LENGTH,
        }),
        optional: true,
      },
      input('lifetime', say('modal.lifetime', {}), {
        type: 'static_select',
        action_id: 'lifetime',
        options: allowedLifetimesDays(rules).map((days) => lifetimeOption(days, say('modal.days', { days }))),
        initial_option: lifetimeOption(
          defaultLifetimeDays(rules),
          say('modal.days', { days: defaultLifetimeDays(rules) }),
        ),
      }),
    ],
  };
}

function namePicked({ files }: PickedFiles): types.SectionBlock {
  const names = files.map(({ name }) => `• ${name}`).join('\n');
  return { type: 'section', block_id: 'picked', text: plainText(names, MAX_LABEL) };
}

function input(blockId: string, label: string, element: types.InputBlock['element']): types.InputBlock {
  return { type: 'input', block_id: blockId, label: plainText(label, MAX_LABEL), element };
}

function lifetimeOption(days: number, label: string): types.PlainTextOption {
  return { text: plainText(label), value: String(days) };
}
