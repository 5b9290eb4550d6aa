import type {
  ButtonInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
} from 'discord.js';
import { AppError } from '../../core/errors.js';
import { languageOf } from '../../core/messages/messages.js';
import { findWaitingDraft, saveDraft } from '../../core/shares/share-drafts.js';
import { checkFiles, DEFAULT_LIFETIME_DAYS } from '../../core/shares/share-request.js';
import { findRules } from '../../core/shares/workspace-rules.js';
import { decodeButton, type BotDeps } from '../chat.js';
import { addressModal } from './change-address.js';
import { personOf, placesOf } from './discord-person.js';
import { openRulesForm } from './rules-modal.js';
import { shareModal, type ShareFormStart } from './share-modal.js';
import { describeFiles, filesOfCommand } from './to-chat-share.js';

type Opener = ChatInputCommandInteraction | ButtonInteraction | MessageContextMenuCommandInteraction;

/**
 * Opens the form where an interaction asks for one: it must be the first answer, within three seconds, so little is
 * read before. @returns false where it asks for none @throws AppError why there is nothing to share, or
 * nothing to be changed by this person
 */
export async function openForm(deps: BotDeps, interaction: Opener): Promise<boolean> {
  const language = languageOf(interaction.locale) ?? 'en';
  const button = interaction.isButton() ? decodeButton(interaction.customId) : null;
  if (button?.action === 'change-address') {
    await interaction.showModal(addressModal(button.id, language));
    return true;
  }
  if (button?.action === 'change-rules') {
    await openRulesForm(deps, interaction as ButtonInteraction, button.id);
    return true;
  }
  const start = await startOf(deps, interaction);
  if (!start) return false;
  const rules = await findRules(deps.db, 'DISCORD', placesOf(interaction));
  await interaction.showModal(shareModal(start, language, interaction.attachmentSizeLimit, rules));
  return true;
}

async function startOf(deps: BotDeps, interaction: Opener): Promise<ShareFormStart | null> {
  if (interaction.isMessageContextMenuCommand()) return keepFiles(deps, interaction);
  if (interaction.isButton()) return startOfButton(deps, interaction);
  if (interaction.commandName !== 'share' || filesOfCommand(interaction).length > 0) return null;
  const { options } = interaction;
  const lifetimeDays = options.getInteger('expires');
  return {
    emailsText: options.getString('emails') ?? '',
    message: options.getString('message') ?? '',
    ...(lifetimeDays === null ? {} : { lifetimeDays }),
  };
}

async function startOfButton(deps: BotDeps, interaction: ButtonInteraction): Promise<ShareFormStart | null> {
  const button = decodeButton(interaction.customId);
  if (button?.action === 'choose-files') return {};
  if (button?.action !== 'fix') return null;
  const waiting = await findWaitingDraft(deps, personOf(interaction), button.id);
  if (!waiting) throw new AppError('gone', 'share.draft_gone', {});
  const { draftId, request } = waiting;
  const { files, emailsText, message, lifetimeDays } = request;
  return { kept: { draftId, files }, emailsText, message, lifetimeDays };
}

/** A form's submission no longer names the message that it was about, so that its files are kept. */
async function keepFiles(
  deps: BotDeps,
  interaction: MessageContextMenuCommandInteraction,
): Promise<ShareFormStart> {
  const files = describeFiles([...interaction.targetMessage.attachments.values()]);
  if (files.length === 0) throw new AppError('invalid', 'chat.no_files_in_message', {});
  checkFiles(files, deps.limits);
  const draftId = await saveDraft(deps, personOf(interaction), {
    entrance: 'DISCORD',
    emails: [],
    emailsText: '',
    duplicates: [],
    files: files.map((file) => ({ ...file, contentType: file.contentType ?? 'application/octet-stream' })),
    message: '',
    lifetimeDays: DEFAULT_LIFETIME_DAYS,
    places: placesOf(interaction),
  });
  return { kept: { draftId, files } };
}
