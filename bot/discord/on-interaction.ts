import { randomUUID } from 'node:crypto';
import {
  DiscordAPIError,
  MessageFlags,
  RESTJSONErrorCodes,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import * as z from 'zod';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { findLanguage } from '../../core/identities/find-language.js';
import type { Logger } from '../../core/ports.js';
import { text } from '../../core/messages/messages.js';
import { draftRequestKey, takeDraft } from '../../core/shares/share-drafts.js';
import { readRulesForm } from '../../core/shares/workspace-rules.js';
import { decodeButton, speak, type BotDeps, type ChatPlatform, type CommandResult } from '../chat.js';
import { replaceAddress } from '../commands/history.js';
import { isPlatformAction, pressButton } from '../commands/press-button.js';
import { COMMANDS, runCommand } from '../commands/run-command.js';
import { changeRules, exportLog, requireGoverned, showRules } from '../commands/rules.js';
import { explain, share } from '../commands/share.js';
import { readAddressForm } from './change-address.js';
import { personOf, placesOf, replyTo } from './discord-person.js';
import { RULES_COMMAND } from './commands.js';
import type { DiscordAnswers } from './discord-answers.js';
import { openForm } from './open-form.js';
import { guildGovernedBy, readRulesModal } from './rules-modal.js';
import { readShareForm } from './share-modal.js';
import { describeFiles, toChatShare } from './to-chat-share.js';

type Ours =
  | ChatInputCommandInteraction
  | ButtonInteraction
  | MessageContextMenuCommandInteraction
  | ModalSubmitInteraction;

/**
 * Whatever a person does with a command, a button or a form of ours: it opens a form, or is acknowledged, then one
 * neutral command is run and its answer shown; nothing where the answer is owed by a row. Never throws.
 */
export async function onInteraction(
  deps: BotDeps,
  answers: Pick<ChatPlatform, 'edit'>,
  interaction: Interaction,
): Promise<void> {
  if (!isOurs(interaction)) return;
  // What is no id of Discord's may be anything, also what must not be logged.
  const id: unknown = interaction.id;
  const interactionId = typeof id === 'string' && /^\d{1,20}$/.test(id) ? id : null;
  const log = deps.log.child({ interactionId });
  const reference = randomUUID().slice(0, 8);
  const opening = await tryToOpenForm(deps, interaction);
  if (opening === 'opened') return;
  if (opening instanceof DiscordAPIError) {
    sayWhyNot(log, opening);
    return;
  }
  if (!(await acknowledge(log, interaction))) return;
  try {
    const to = replyTo(interaction);
    const reply = { ...to, language: await findLanguage(deps, to, interaction.locale) };
    const command = opening === 'none' ? obey(deps, interaction, reply) : Promise.reject(opening.problem);
    const answer = await command.catch((error: unknown) => explain({ log }, error, reference));
    if (answer) await answers.edit(reply, speak(answer, reply.language));
  } catch (error) {
    log.warn({ err: error, reference }, 'answer not shown in Discord');
  }
}

const refusable = z.object({ id: z.string(), token: z.string() });

/** An interaction that cannot be read is answered all the same, where it says how. Never throws. */
export async function refuseUnreadable(
  { log }: Pick<BotDeps, 'log'>,
  answers: Pick<DiscordAnswers, 'refuse'>,
  payload: unknown,
): Promise<void> {
  const { data: interaction } = refusable.safeParse(payload);
  if (!interaction) return;
  const reference = randomUUID().slice(0, 8);
  log.warn({ reference }, 'interaction of Discord not understood');
  try {
    await answers.refuse(interaction, text('chat.unexpected', { reference }));
  } catch (error) {
    sayWhyNot(log, error);
  }
}

function isOurs(interaction: Interaction): interaction is Ours {
  return (
    interaction.isChatInputCommand() ||
    interaction.isButton() ||
    interaction.isMessageContextMenuCommand() ||
    interaction.isModalSubmit()
  );
}

/** Whether a form was opened, none was asked for, Discord refused it, or there is nothing to fill it in for. */
async function tryToOpenForm(
  deps: BotDeps,
  interaction: Ours,
): Promise<'opened' | 'none' | DiscordAPIError | { problem: Error }> {
  if (interaction.isModalSubmit()) return 'none';
  try {
    return (await openForm(deps, interaction)) ? 'opened' : 'none';
  } catch (error) {
    if (error instanceof DiscordAPIError) return error;
    return { problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

/**
 * Within three seconds, and only once: where several processes hear the same interaction, the first goes on.
 * Without it nothing is run, since the person is told by Discord that nothing happened.
 */
async function acknowledge(log: Logger, interaction: Ours): Promise<boolean> {
  try {
    if (interaction.isButton()) await interaction.deferUpdate();
    else await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    return true;
  } catch (error) {
    sayWhyNot(log, error);
    return false;
  }
}

function sayWhyNot(log: Logger, error: unknown): void {
  const { InteractionHasAlreadyBeenAcknowledged } = RESTJSONErrorCodes;
  const isTaken = error instanceof DiscordAPIError && error.code === InteractionHasAlreadyBeenAcknowledged;
  if (isTaken) log.info({}, 'interaction is answered by another process');
  else log.warn({ err: error }, 'not acknowledged to Discord');
}

async function obey(deps: BotDeps, interaction: Ours, reply: ChatReply): Promise<CommandResult> {
  if (interaction.isButton()) return press(deps, interaction, reply);
  if (interaction.isModalSubmit()) return submit(deps, interaction, reply);
  if (interaction.isChatInputCommand()) return run(deps, interaction, reply);
  return null;
}

/** A form was sent: that of another address, or that of /share. Files that it did not take itself were kept with a draft. */
async function submit(
  deps: BotDeps,
  interaction: ModalSubmitInteraction,
  reply: ChatReply,
): Promise<CommandResult> {
  const change = readAddressForm(interaction);
  if (change) return replaceAddress(deps, personOf(interaction), change);
  const form = readShareForm(interaction);
  if (!form) return submitRules(deps, interaction);
  const { draftId, ...filled } = form;
  const person = personOf(interaction);
  const kept = draftId === null ? null : await takeDraft(deps, person, draftId);
  const uploads = kept ? null : interaction.fields.getUploadedFiles('files');
  return share(deps, {
    ...filled,
    person,
    requestKey: draftId === null ? `discord:${interaction.id}` : draftRequestKey(draftId),
    entrance: 'DISCORD',
    files: kept?.files ?? describeFiles([...(uploads?.values() ?? [])]),
    places: kept?.places ?? placesOf(interaction),
    review: 'done',
    reply,
  });
}

/** The form of a guild's rules was sent; whether the person manages the guild is what this interaction says. */
async function submitRules(deps: BotDeps, interaction: ModalSubmitInteraction): Promise<CommandResult> {
  const form = readRulesModal(interaction);
  if (!form) return null;
  const { rules, problems } = readRulesForm(form);
  const problem = problems.domains ?? problems.size;
  const workspaceId = requireGoverned(guildGovernedBy(interaction));
  const mend = problem && { problem, form };
  return changeRules(deps, personOf(interaction), workspaceId, { rules, mend });
}

async function run(
  deps: BotDeps,
  interaction: ChatInputCommandInteraction,
  reply: ChatReply,
): Promise<CommandResult> {
  if (interaction.commandName === 'share') return share(deps, toChatShare(interaction, reply));
  if (interaction.commandName === RULES_COMMAND)
    return showRules(deps, 'DISCORD', requireGoverned(guildGovernedBy(interaction)));
  const word = interaction.options.getSubcommand(false);
  const command = COMMANDS.find((name) => name === word) ?? 'help';
  return runCommand(deps, personOf(interaction), command, reply, 'chat.help_discord');
}

async function press(
  deps: BotDeps,
  interaction: ButtonInteraction,
  reply: ChatReply,
): Promise<CommandResult> {
  const button = decodeButton(interaction.customId);
  if (!button) return null;
  const { action, id } = button;
  if (action === 'export-log')
    return exportLog(deps, personOf(interaction), requireGoverned(guildGovernedBy(interaction)));
  if (isPlatformAction(action)) return null;
  return pressButton(deps, personOf(interaction), { action, id }, reply);
}
