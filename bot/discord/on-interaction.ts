import { randomUUID } from 'node:crypto';
import {
  DiscordAPIError,
  MessageFlags,
  RESTJSONErrorCodes,
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
} from 'discord.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { findLanguage } from '../../core/identities/find-language.js';
import { phrase } from '../../core/messages/messages.js';
import { decodeButton, speak, type BotDeps, type ChatPlatform, type CommandResult } from '../chat.js';
import { help } from '../commands/answers.js';
import { confirmLink, connect, refuseLink } from '../commands/connect.js';
import { cancelDraft, explain, sendDraft, share } from '../commands/share.js';
import { personOf, replyTo } from './discord-person.js';
import { toChatShare } from './to-chat-share.js';

/**
 * Whatever a person does with a command or a button of ours: acknowledged, then one neutral command is run and
 * its answer shown; nothing where the answer is owed by a row. Never throws.
 */
export async function onInteraction(
  deps: BotDeps,
  answers: Pick<ChatPlatform, 'edit'>,
  interaction: Interaction,
): Promise<void> {
  if (!interaction.isChatInputCommand() && !interaction.isButton()) return;
  const log = deps.log.child({ interactionId: interaction.id });
  if (!(await acknowledge({ log }, interaction))) return;
  const reference = randomUUID().slice(0, 8);
  try {
    const to = replyTo(interaction);
    const reply = { ...to, language: await findLanguage(deps, to, interaction.locale) };
    const command = interaction.isButton() ? press(deps, interaction, reply) : run(deps, interaction, reply);
    const answer = await command.catch((error: unknown) => explain({ log }, error, reference));
    if (answer) await answers.edit(reply.replyHandle, speak(answer, reply.language));
  } catch (error) {
    log.warn({ err: error, reference }, 'answer not shown in Discord');
  }
}

/**
 * Within three seconds, and only once: where several processes hear the same interaction, the first goes on.
 * Without it nothing is run, since the person is told by Discord that nothing happened.
 */
async function acknowledge(
  { log }: Pick<BotDeps, 'log'>,
  interaction: ChatInputCommandInteraction | ButtonInteraction,
): Promise<boolean> {
  try {
    if (interaction.isButton()) await interaction.deferUpdate();
    else await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    return true;
  } catch (error) {
    const { InteractionHasAlreadyBeenAcknowledged } = RESTJSONErrorCodes;
    const isTaken = error instanceof DiscordAPIError && error.code === InteractionHasAlreadyBeenAcknowledged;
    if (isTaken) log.info({}, 'interaction is answered by another process');
    else log.warn({ err: error }, 'not acknowledged to Discord');
    return false;
  }
}

async function run(
  deps: BotDeps,
  interaction: ChatInputCommandInteraction,
  reply: ChatReply,
): Promise<CommandResult> {
  if (interaction.commandName === 'share') return share(deps, toChatShare(interaction, reply));
  if (interaction.options.getSubcommand(false) === 'connect') {
    return connect(deps, personOf(interaction), reply);
  }
  return help('chat.help_discord');
}

async function press(
  deps: BotDeps,
  interaction: ButtonInteraction,
  reply: ChatReply,
): Promise<CommandResult> {
  const button = decodeButton(interaction.customId);
  if (!button) return null;
  const person = personOf(interaction);
  switch (button.action) {
    case 'connect':
      return connect(deps, person, reply);
    case 'confirm-link':
      return confirmLink(deps, person, button.id, reply);
    case 'refuse-link':
      return refuseLink(deps, person, button.id);
    case 'send-draft':
      return sendDraft(deps, person, button.id, reply);
    case 'dismiss':
    case 'discard-draft':
      return cancelDraft(deps, person, button.id);
    case 'choose-files':
      return { lines: [phrase('chat.attach_a_file', {})], buttons: [], isFinal: true };
  }
}
