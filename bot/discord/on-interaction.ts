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
import { pressButton } from '../commands/press-button.js';
import { COMMANDS, runCommand } from '../commands/run-command.js';
import { explain, share } from '../commands/share.js';
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
  if (action === 'choose-files')
    return { lines: [phrase('chat.attach_a_file', {})], buttons: [], isFinal: true };
  return pressButton(deps, personOf(interaction), { action, id }, reply);
}
