import * as z from 'zod';

import { invalidFormBody, parseBody } from './discord-error.js';
import { fail } from './validate-message.js';

const CHAT_INPUT = 1;
const MAX_COMMANDS_BY_TYPE: Record<number, number> = { 1: 100, 2: 15, 3: 15 };
const MAX_CHARACTERS = 8000;
const CHAT_INPUT_NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

export interface CommandOption {
  type: number;
  name: string;
  description: string;
  required?: boolean | null | undefined;
  choices?: { name: string; value: string | number }[] | null | undefined;
  options?: CommandOption[] | null | undefined;
  min_length?: number | null | undefined;
  max_length?: number | null | undefined;
  file_types?: string[] | null | undefined;
}
type CommandBody = z.infer<typeof commandBody>;
export type Command = CommandBody & { id: string };

const chatInputName = z.string().refine((name) => CHAT_INPUT_NAME.test(name) && name === name.toLowerCase(), {
  params: { code: 'APPLICATION_COMMAND_INVALID_NAME' },
});
const choice = z.looseObject({
  name: z.string().min(1).max(100),
  value: z.union([z.string().max(100), z.number()]),
});

const option: z.ZodType<CommandOption> = z.looseObject({
  type: z.int().min(1).max(11),
  name: chatInputName,
  description: z.string().min(1).max(100),
  description_localizations: z.record(z.string(), z.string().min(1).max(100)).nullish(),
  required: z.boolean().nullish(),
  choices: z.array(choice).max(25).nullish(),
  get options() {
    return optionList.nullish();
  },
  min_length: z.int().min(0).max(6000).nullish(),
  max_length: z.int().min(1).max(6000).nullish(),
  file_types: z.array(z.string()).max(10).nullish(),
});

const optionList = z
  .array(option)
  .max(25)
  .superRefine((options, context) => {
    const firstOptional = options.findIndex((it) => !it.required);
    options.forEach((it, index) => {
      const isMisplaced = it.required && firstOptional !== -1 && index > firstOptional;
      if (isMisplaced) fail(context, [index], 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID');
      const isRepeated = options.findIndex((other) => other.name === it.name) < index;
      if (isRepeated) fail(context, [index], 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS');
    });
    const subcommands = options.filter((it) => it.type <= 2).length;
    const isMixed = subcommands > 0 && subcommands < options.length;
    if (isMixed) fail(context, [], 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID');
  });

const commandBody = z
  .looseObject({
    type: z.literal([1, 2, 3]).default(CHAT_INPUT),
    name: z.string().min(1).max(32),
    description: z.string().max(100).nullish(),
    description_localizations: z.record(z.string(), z.string().max(100)).nullish(),
    options: optionList.nullish(),
    integration_types: z.array(z.literal([0, 1])).nullish(),
    contexts: z.array(z.literal([0, 1, 2])).nullish(),
    default_member_permissions: z.string().regex(/^\d+$/).nullish(),
  })
  .superRefine((command, context) => {
    const isChatInput = command.type === CHAT_INPUT;
    const isNameWrong = isChatInput && !chatInputName.safeParse(command.name).success;
    const isOverdone = !isChatInput && Boolean(command.description || command.options?.length);
    if (isNameWrong) fail(context, ['name'], 'APPLICATION_COMMAND_INVALID_NAME');
    if (isChatInput && !command.description) fail(context, ['description'], 'BASE_TYPE_REQUIRED');
    if (characters(command) > MAX_CHARACTERS) fail(context, [], 'APPLICATION_COMMAND_TOO_LARGE');
    if (isOverdone) fail(context, [], 'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION');
  });

const commandList = z.array(commandBody).superRefine((commands, context) => {
  commands.forEach((it, index) => {
    const same = commands.filter((other) => other.type === it.type);
    const isRepeated = same.findIndex((other) => other.name === it.name) < same.indexOf(it);
    if (isRepeated) fail(context, [index], 'APPLICATION_COMMANDS_DUPLICATE_NAME');
    if (same.indexOf(it) >= (MAX_COMMANDS_BY_TYPE[it.type] ?? 0))
      fail(context, [index], 'BASE_TYPE_MAX_LENGTH');
  });
});

/**
 * Reads the body of a bulk overwrite of commands; contexts are for global commands only.
 * @throws DiscordError 50035 with the errors by index and field.
 * @see https://docs.discord.com/developers/interactions/application-commands#application-command-object
 */
export function parseCommands(body: unknown, isGuildScope: boolean): CommandBody[] {
  const commands = parseBody(commandList, body);
  const misplaced = isGuildScope ? commands.findIndex((it) => it.contexts ?? it.integration_types) : -1;
  if (misplaced === -1) return commands;
  throw invalidFormBody([{ path: [misplaced], code: 'APPLICATION_COMMAND_CONTEXTS_GLOBAL_ONLY' }]);
}

function characters(it: Pick<CommandBody, 'name' | 'description' | 'options'>): number {
  return (it.options ?? []).reduce(
    (sum, inner) => sum + characters(inner) + JSON.stringify(inner.choices ?? '').length,
    it.name.length + (it.description ?? '').length,
  );
}
