import { attachmentObject } from './cdn.js';
import { userObject } from './objects.js';
import type { Command, CommandOption } from './validate-command.js';
import type { StoredFile, World } from './world.js';

const GROUPS = ['image', 'video', 'audio'];
const typeNames: Record<number, string> = {
  3: 'string',
  4: 'number',
  5: 'boolean',
  6: 'string',
  10: 'number',
  11: 'string',
};

/**
 * The `options` and `resolved` of a slash command's payload, from values by name.
 * @throws Error when the client would not send it: an unknown option, a missing one, a wrong or too long value.
 * @see https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-application-command-data-structure
 */
export function resolveOptions(
  world: World,
  userId: string,
  command: Command,
  subcommand: string | undefined,
  values: Record<string, string | number | boolean>,
): { options: object[]; resolved: object } {
  let definitions = command.options ?? [];
  const path: CommandOption[] = [];
  for (const name of subcommand?.split(' ') ?? []) {
    const found = definitions.find((it) => it.name === name && it.type <= 2);
    if (!found) throw new Error(`/${command.name} has no subcommand "${name}"`);
    path.push(found);
    definitions = found.options ?? [];
  }
  if (definitions.some((it) => it.type <= 2)) throw new Error(`/${command.name} needs a subcommand`);
  const unknown = Object.keys(values).find((name) => !definitions.some((it) => it.name === name));
  if (unknown) throw new Error(`/${command.name} has no option "${unknown}"`);

  const given = definitions.flatMap((definition) => {
    const value = values[definition.name];
    if (value === undefined && definition.required)
      throw new Error(`Option "${definition.name}" is required`);
    return value === undefined ? [] : [{ definition, value }];
  });
  const attachments: Record<string, object> = {};
  const users: Record<string, object> = {};
  for (const { definition, value } of given) {
    checkValue(definition, value);
    if (definition.type === 6) users[String(value)] = userObject(world, String(value));
    if (definition.type === 11) {
      const file = ownFile(world, userId, String(value), definition.file_types);
      attachments[file.id] = attachmentObject(world, file, true);
    }
  }
  const leaves: object[] = given.map(({ definition: { name, type }, value }) => ({ name, type, value }));
  const options = path.reduceRight((inner, { name, type }) => [{ name, type, options: inner }], leaves);
  return {
    options,
    resolved: {
      ...(Object.keys(attachments).length && { attachments }),
      ...(Object.keys(users).length && { users }),
    },
  };
}

/** A file that the person uploaded, of an accepted type. @throws Error otherwise. */
export function ownFile(world: World, userId: string, fileId: string, types?: string[] | null): StoredFile {
  const file = world.files.get(fileId);
  if (file?.ownerId !== userId) throw new Error(`This person has uploaded no file ${fileId}`);
  const isAccepted = (type: string) =>
    GROUPS.includes(type)
      ? file.contentType?.startsWith(`${type}/`)
      : file.name.toLowerCase().endsWith(type.toLowerCase());
  if (types?.length && !types.some(isAccepted))
    throw new Error(`"${file.name}" is not one of ${types.join(', ')}`);
  return file;
}

function checkValue(
  { name, type, choices, min_length, max_length }: CommandOption,
  value: string | number | boolean,
): void {
  if (typeof value !== typeNames[type]) throw new Error(`Option "${name}" does not take a ${typeof value}`);
  if (choices?.length && !choices.some((it) => it.value === value))
    throw new Error(`Option "${name}" has no choice "${value}"`);
  const length = type === 3 ? String(value).length : undefined;
  if (length === undefined) return;
  if (length > (max_length ?? 6000) || length < (min_length ?? 0))
    throw new Error(`Option "${name}" may not be ${length} characters long`);
}
