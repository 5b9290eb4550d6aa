import {
  ComponentType,
  PermissionFlagsBits,
  TextInputStyle,
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type ButtonInteraction,
  type ModalSubmitInteraction,
  type RepliableInteraction,
} from 'discord.js';
import { languageOf, text, type Language } from '../../core/messages/messages.js';
import { findRulesDraft } from '../../core/shares/rules-drafts.js';
import { LIFETIMES_DAYS } from '../../core/shares/share-request.js';
import {
  getRules,
  MAX_DOMAINS_LENGTH,
  writeRulesForm,
  type RulesForm,
} from '../../core/shares/workspace-rules.js';
import type { BotDeps } from '../chat.js';
import { requireGoverned } from '../commands/rules.js';
import { personOf } from './discord-person.js';

const FORM = 'rules-form';

/**
 * The guild whose rules somebody may set at this moment: Discord sends the person's permissions along with everything
 * that is done there. Null for those who may not manage it, and outside of guilds.
 */
export function guildGovernedBy({ guildId, memberPermissions }: RepliableInteraction): string | null {
  return memberPermissions?.has(PermissionFlagsBits.ManageGuild) ? guildId : null;
}

/**
 * Opens the form: the first answer to a button. It has the rules as they are, or what this person typed that has to be
 * mended. @throws AppError forbidden
 */
export async function openRulesForm(
  deps: BotDeps,
  interaction: ButtonInteraction,
  draftId: string,
): Promise<void> {
  const governed = {
    platform: 'DISCORD' as const,
    workspaceId: requireGoverned(guildGovernedBy(interaction)),
  };
  const typed = await findRulesDraft(deps, governed, personOf(interaction), draftId);
  const form = typed ?? writeRulesForm(await getRules(deps, governed));
  await interaction.showModal(rulesModal(form, languageOf(interaction.locale) ?? 'en'));
}

/** What a submitted form says; null where it is none of ours. */
export function readRulesModal({ customId, fields }: ModalSubmitInteraction): RulesForm | null {
  if (customId !== FORM) return null;
  return {
    domainsText: fields.getTextInputValue('domains'),
    lifetime: fields.getStringSelectValues('lifetime')[0] ?? '',
    sizeText: fields.getTextInputValue('size'),
  };
}

function rulesModal(
  { domainsText, lifetime, sizeText }: RulesForm,
  language: Language,
): APIModalInteractionResponseCallbackData {
  return {
    custom_id: FORM,
    title: text('modal.rules_title', {}, language),
    components: [
      {
        ...label(text('modal.rules_domains', {}, language), {
          type: ComponentType.TextInput,
          custom_id: 'domains',
          style: TextInputStyle.Paragraph,
          required: false,
          max_length: MAX_DOMAINS_LENGTH,
          ...(domainsText ? { value: domainsText } : {}),
        }),
        description: text('modal.rules_domains_hint', {}, language),
      },
      label(text('modal.rules_lifetime', {}, language), {
        type: ComponentType.StringSelect,
        custom_id: 'lifetime',
        options: [0, ...LIFETIMES_DAYS].map((days) => ({
          label: days ? text('modal.days', { days }, language) : text('modal.rules_no_limit', {}, language),
          value: String(days),
          default: String(days) === lifetime,
        })),
      }),
      label(text('modal.rules_size', {}, language), {
        type: ComponentType.TextInput,
        custom_id: 'size',
        style: TextInputStyle.Short,
        required: false,
        max_length: 20,
        ...(sizeText ? { value: sizeText } : {}),
      }),
    ],
  };
}

function label(words: string, component: APILabelComponent['component']): APILabelComponent {
  return { type: ComponentType.Label, label: words, component };
}
