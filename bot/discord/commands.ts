import type { SharedNameAndDescription } from 'discord.js';
import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  ContextMenuCommandBuilder,
  InteractionContextType,
  Locale,
  PermissionFlagsBits,
  SlashCommandBuilder,
  type LocalizationMap,
  type RESTPutAPIApplicationCommandsJSONBody,
} from 'discord.js';
import { COMMANDS } from '../commands/run-command.js';
import { MAX_RECIPIENTS } from '../../core/shares/recipients.js';
import { LIFETIMES_DAYS, MAX_MESSAGE_LENGTH } from '../../core/shares/share-request.js';
import type { MessageCode } from '../../core/messages/en.js';
import { languageOf, text, type Language } from '../../core/messages/messages.js';

/** An option takes one file, so several files are several options. Without any, a form takes ten. */
export const FILE_OPTIONS = ['file', 'file2', 'file3', 'file4', 'file5'] as const;

/** A guild's rules and its share log. */
export const RULES_COMMAND = 'share-rules';

const EVERYWHERE = {
  integrationTypes: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  contexts: [
    InteractionContextType.Guild,
    InteractionContextType.BotDM,
    InteractionContextType.PrivateChannel,
  ],
};

/** Room for every address at its longest (254 characters) with separators. */
const MAX_EMAILS_LENGTH = MAX_RECIPIENTS * 260;

/**
 * Our commands, for guilds and for people who installed the app for themselves. A command with subcommands
 * cannot have options of its own, so what is not sharing is a second command.
 */
export function describeCommands(): RESTPutAPIApplicationCommandsJSONBody {
  return [
    shareCommand().toJSON(),
    accountCommand().toJSON(),
    messageCommand().toJSON(),
    rulesCommand().toJSON(),
  ];
}

function shareCommand(): SlashCommandBuilder {
  const [first, ...others] = FILE_OPTIONS;
  const command = describe(offerEverywhere('share'), 'command.share');
  command.addAttachmentOption((option) => describe(option.setName(first), 'command.file'));
  command.addStringOption((option) =>
    describe(option.setName('emails'), 'command.emails').setMaxLength(MAX_EMAILS_LENGTH),
  );
  for (const name of others) {
    command.addAttachmentOption((option) => describe(option.setName(name), 'command.another_file'));
  }
  command.addStringOption((option) =>
    describe(option.setName('message'), 'command.message').setMaxLength(MAX_MESSAGE_LENGTH),
  );
  command.addIntegerOption((option) =>
    describe(option.setName('expires'), 'command.expires').addChoices(
      LIFETIMES_DAYS.map((days) => ({
        name: text('modal.days', { days }),
        name_localizations: inEveryLanguage((language) => text('modal.days', { days }, language)),
        value: days,
      })),
    ),
  );
  return command;
}

function accountCommand(): SlashCommandBuilder {
  const command = describe(offerEverywhere('passalong'), 'command.passalong');
  for (const name of COMMANDS) {
    command.addSubcommand((subcommand) => describe(subcommand.setName(name), `command.${name}`));
  }
  return command;
}

/** For those who manage a guild, and there alone; whom Discord lets use it is theirs to widen, so it is checked again. */
function rulesCommand(): SlashCommandBuilder {
  return describe(new SlashCommandBuilder().setName(RULES_COMMAND), 'command.rules')
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .setContexts(InteractionContextType.Guild)
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild);
}

/** In the menu of a message: its files. Such commands have a name and no description. */
function messageCommand(): ContextMenuCommandBuilder {
  return new ContextMenuCommandBuilder()
    .setType(ApplicationCommandType.Message)
    .setName(text('command.share_message', {}))
    .setNameLocalizations(inEveryLanguage((language) => text('command.share_message', {}, language)))
    .setIntegrationTypes(...EVERYWHERE.integrationTypes)
    .setContexts(...EVERYWHERE.contexts);
}

function offerEverywhere(name: string): SlashCommandBuilder {
  return new SlashCommandBuilder()
    .setName(name)
    .setIntegrationTypes(...EVERYWHERE.integrationTypes)
    .setContexts(...EVERYWHERE.contexts);
}

type Description = Extract<MessageCode, `command.${string}`>;

function describe<B extends SharedNameAndDescription>(builder: B, code: Description): B {
  builder.setDescription(text(code, {}));
  builder.setDescriptionLocalizations(inEveryLanguage((language) => text(code, {}, language)));
  return builder;
}

/** English too: where it is absent, Discord shows people in Britain another language before American English. */
function inEveryLanguage(say: (language: Language) => string): LocalizationMap {
  return Object.fromEntries(
    Object.values(Locale).flatMap((tag) => {
      const language = languageOf(tag);
      return language ? [[tag, say(language)]] : [];
    }),
  );
}
