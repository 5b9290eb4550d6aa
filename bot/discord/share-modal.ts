import {
  ComponentType,
  TextInputStyle,
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type ModalSubmitInteraction,
} from 'discord.js';
import { text, type Language } from '../../core/messages/messages.js';
import { DEFAULT_LIFETIME_DAYS, MAX_FILES, MAX_MESSAGE_LENGTH } from '../../core/shares/share-request.js';
import { allowedLifetimesDays, type Rules } from '../../core/shares/workspace-rules.js';

const FORM = 'share-form';

/** Discord's limits. @see https://docs.discord.com/developers/components/reference */
const MAX_TEXT_INPUT = 4000;
const MAX_TEXT_DISPLAY = 2000;

/** What a form is about when it opens. */
export interface ShareFormStart {
  /** The draft that keeps the files, where they were chosen already; else the form takes them. */
  kept?: { draftId: string; files: readonly { name: string }[] };
  emailsText?: string;
  message?: string;
  lifetimeDays?: number;
}

/** What somebody filled in. */
export interface ShareForm {
  draftId: string | null;
  emailsText: string;
  message: string;
  lifetimeDays: number;
}

/** The form of /share. `limitBytes` is what Discord lets this person upload here. */
export function shareModal(
  start: ShareFormStart,
  language: Language,
  limitBytes: number,
  rules: readonly Rules[],
): APIModalInteractionResponseCallbackData {
  const { kept, emailsText = '', message = '', lifetimeDays = DEFAULT_LIFETIME_DAYS } = start;
  const lifetimes = allowedLifetimesDays(rules);
  const chosen = Math.min(lifetimeDays, lifetimes.at(-1) ?? lifetimeDays);
  const emails = emailsText.slice(0, MAX_TEXT_INPUT);
  const files = kept
    ? {
        type: ComponentType.TextDisplay as const,
        content: kept.files
          .map(({ name }) => `• ${name}`)
          .join('\n')
          .slice(0, MAX_TEXT_DISPLAY),
      }
    : label(text('modal.files', {}, language), {
        type: ComponentType.FileUpload,
        custom_id: 'files',
        min_values: 1,
        max_values: MAX_FILES,
      });
  if ('component' in files)
    files.description = text('modal.upload_limit', { files: MAX_FILES, limitBytes }, language);
  return {
    custom_id: kept ? `${FORM}:${kept.draftId}` : FORM,
    title: text('modal.title', {}, language),
    components: [
      files,
      label(text('modal.emails', {}, language), {
        type: ComponentType.TextInput,
        custom_id: 'emails',
        style: TextInputStyle.Short,
        ...(emails ? { value: emails } : {}),
      }),
      label(text('modal.message', {}, language), {
        type: ComponentType.TextInput,
        custom_id: 'message',
        style: TextInputStyle.Paragraph,
        required: false,
        max_length: MAX_MESSAGE_LENGTH,
        ...(message ? { value: message } : {}),
      }),
      label(text('modal.lifetime', {}, language), {
        type: ComponentType.StringSelect,
        custom_id: 'lifetime',
        options: lifetimes.map((days) => ({
          label: text('modal.days', { days }, language),
          value: String(days),
          default: days === chosen,
        })),
      }),
    ],
  };
}

/** What a submitted form says; null where it is none of ours. */
export function readShareForm({ customId, fields }: ModalSubmitInteraction): ShareForm | null {
  const [name, draftId = null] = customId.split(':', 2);
  if (name !== FORM) return null;
  return {
    draftId,
    emailsText: fields.getTextInputValue('emails'),
    message: fields.getTextInputValue('message'),
    lifetimeDays: Number(fields.getStringSelectValues('lifetime')[0] ?? DEFAULT_LIFETIME_DAYS),
  };
}

function label(words: string, component: APILabelComponent['component']): APILabelComponent {
  return { type: ComponentType.Label, label: words, component };
}
