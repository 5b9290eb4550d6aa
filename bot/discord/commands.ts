import {
  ApplicationIntegrationType,
  InteractionContextType,
  SlashCommandBuilder,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord.js';
import { MAX_RECIPIENTS } from '../../core/shares/recipients.js';
import { LIFETIMES_DAYS, MAX_MESSAGE_LENGTH } from '../../core/shares/share-request.js';
import { text } from '../../core/messages/messages.js';

/** An option takes one file, so several files are several options; the first is required. */
export const FILE_OPTIONS = ['file', 'file2', 'file3', 'file4', 'file5'] as const;

/** Room for every address at its longest (254 characters) with separators. */
const MAX_EMAILS_LENGTH = MAX_RECIPIENTS * 260;

/**
 * Our commands, for guilds and for people who installed the app for themselves. A command with subcommands
 * cannot have options of its own, so what is not sharing is a second command.
 */
export function describeCommands(): RESTPutAPIApplicationCommandsJSONBody {
  return [shareCommand().toJSON(), accountCommand().toJSON()];
}

function shareCommand(): SlashCommandBuilder {
  const [first, ...others] = FILE_OPTIONS;
  const command = offerEverywhere('share', text('command.share', {}));
  command.addAttachmentOption((option) =>
    option.setName(first).setDescription(text('command.file', {})).setRequired(true),
  );
  command.addStringOption((option) =>
    option
      .setName('emails')
      .setDescription(text('command.emails', {}))
      .setRequired(true)
      .setMaxLength(MAX_EMAILS_LENGTH),
  );
  for (const name of others) {
    command.addAttachmentOption((option) =>
      option.setName(name).setDescription(text('command.another_file', {})),
    );
  }
  command.addStringOption((option) =>
    option.setName('message').setDescription(text('command.message', {})).setMaxLength(MAX_MESSAGE_LENGTH),
  );
  command.addIntegerOption((option) =>
    option
      .setName('expires')
      .setDescription(text('command.expires', {}))
      .addChoices(LIFETIMES_DAYS.map((days) => ({ name: text('modal.days', { days }), value: days }))),
  );
  return command;
}

function accountCommand(): SlashCommandBuilder {
  const command = offerEverywhere('passalong', text('command.passalong', {}));
  command.addSubcommand((subcommand) =>
    subcommand.setName('connect').setDescription(text('command.connect', {})),
  );
  command.addSubcommand((subcommand) => subcommand.setName('help').setDescription(text('command.help', {})));
  return command;
}

function offerEverywhere(name: string, description: string): SlashCommandBuilder {
  const { GuildInstall, UserInstall } = ApplicationIntegrationType;
  const { Guild, BotDM, PrivateChannel } = InteractionContextType;
  return new SlashCommandBuilder()
    .setName(name)
    .setDescription(description)
    .setIntegrationTypes(GuildInstall, UserInstall)
    .setContexts(Guild, BotDM, PrivateChannel);
}
