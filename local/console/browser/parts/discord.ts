import { act, upload } from './control-api.js';
import { sceneOfDiscord } from './discord-scene.js';
import type { Command, Field, Filled, Platform, Where } from './scene.js';

const EXPLANATIONS = {
  command: 'The application did not respond',
  message: 'This interaction failed',
  modal: 'Something went wrong. Try again.',
};

type Value = string | number | boolean;
type Opened = { interactionId: string };

/** Discord as its people use it: servers with and without the app, commands with options, modals, message commands. */
export const discord: Platform = {
  name: 'discord',
  title: 'Discord',
  firstUserId: '100100000000000001',
  scene: sceneOfDiscord,

  async say(where, content, files) {
    const { userId, placeId: channelId } = where;
    const attachmentIds = await uploadAll(where, files);
    await act('/discord/postMessage', { userId, channelId, content, attachmentIds });
    return null;
  },

  async run(where, { id, fields }, _typed, filled) {
    const [command, ...subcommand] = id.split(' ');
    const { userId, placeId: channelId } = where;
    const options = await optionsOf(where, fields ?? [], filled);
    const invoked = { userId, channelId, command, options };
    const path = subcommand.length > 0 ? { subcommand: subcommand.join(' ') } : {};
    return idOf(await act<Opened>('/discord/invokeCommand', { ...invoked, ...path }));
  },

  async useMenu({ userId }, messageId, command) {
    return idOf(await act<Opened>('/discord/useMessageCommand', { userId, messageId, command }));
  },

  useShortcut: async () => null,

  async press({ userId }, surface, { id: customId, input }, values) {
    const used = { userId, customId, ...('messageId' in surface && { messageId: surface.messageId }) };
    const isButton = input.kind === 'button';
    const name = isButton ? 'pressButton' : 'selectOption';
    return idOf(await act<Opened>(`/discord/${name}`, isButton ? used : { ...used, values }));
  },

  async submit(where, { id: interactionId, parts }, filled) {
    const texts = parts.flatMap((part) =>
      part.kind === 'field' && part.field.input.kind === 'text' ? [part.field.id] : [],
    );
    const values = Object.entries(filled.values).map(([id, value]) => {
      return [id, texts.includes(id) ? (value[0] ?? '') : value] as const;
    });
    const files = Object.entries(filled.files).map(async ([id, picked]) => {
      return [id, await uploadAll(where, picked)] as const;
    });
    const sent = { values: Object.fromEntries(values), files: Object.fromEntries(await Promise.all(files)) };
    return idOf(await act<Opened>('/discord/submitModal', { userId: where.userId, interactionId, ...sent }));
  },

  // The app does not hear of either.
  dismiss: async () => null,
  visit: async () => null,

  explain: (what) => EXPLANATIONS[what],
};

/** The values of a command's options, of the types that Discord sends. */
async function optionsOf(
  where: Where,
  fields: NonNullable<Command['fields']>,
  { values, files }: Filled,
): Promise<Record<string, Value>> {
  const options: Record<string, Value> = {};
  for (const { id, input, valueKind } of fields) {
    const [value] = input.kind === 'files' ? await uploadAll(where, files[id] ?? []) : (values[id] ?? []);
    if (value !== undefined && value !== '') options[id] = typed(value, valueKind);
  }
  return options;
}

function typed(value: string, kind: Field['valueKind']): Value {
  return kind === 'number' ? Number(value) : kind === 'boolean' ? value === 'true' : value;
}

function uploadAll({ userId, placeId: channelId }: Where, files: File[]): Promise<string[]> {
  return Promise.all(
    files.map(async (file) => {
      const about = { userId, channelId, ...(file.type && { contentType: file.type }) };
      return (await upload<{ id: string }>('/discord/files', about, file)).id;
    }),
  );
}

function idOf({ interactionId }: Opened): string {
  return interactionId;
}
