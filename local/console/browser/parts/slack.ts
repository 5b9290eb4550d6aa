import { act, upload } from './control-api.js';
import type { Filled, Platform, Surface } from './scene.js';
import { INVITE, sceneOfSlack } from './slack-scene.js';

const EXPLANATIONS = {
  command: (name: string, failure: string) => `${name} failed with the error “${failure}”`,
  message: (_: string, failure: string) => `The app did not respond (${failure}).`,
  modal: (_: string, failure: string) => `We had some trouble connecting (${failure}). Try again?`,
};

/** Slack as its people use it: channels with threads, typed commands, shortcuts, modals, App Home. */
export const slack: Platform = {
  name: 'slack',
  title: 'Slack',
  firstUserId: 'U0ADA00001',

  scene: sceneOfSlack,

  async say({ userId, placeId, threadId }, text, files) {
    const fileIds = await uploadAll(userId, files);
    await act('/slack/postMessage', {
      ...{ userId, channelId: placeId, text, fileIds },
      ...(threadId && { threadTs: threadId }),
    });
    return null;
  },

  async run({ userId, placeId, threadId }, { id }, typed) {
    if (threadId) throw new Error(`${id} is not supported in threads. Sorry!`);
    if (id === INVITE) {
      await act('/slack/inviteApp', { channelId: placeId });
      return null;
    }
    return idOf(
      await act<{ id: string }>('/slack/runCommand', {
        userId,
        channelId: placeId,
        command: id,
        text: typed,
      }),
    );
  },

  async useMenu({ userId, placeId }, messageTs, callbackId) {
    const used = { userId, channelId: placeId, messageTs, callbackId };
    return idOf(await act<{ id: string }>('/slack/useMessageShortcut', used));
  },

  useShortcut: async ({ userId }, callbackId) =>
    idOf(await act<{ id: string }>('/slack/useGlobalShortcut', { userId, callbackId })),

  async press({ userId }, surface, control, values) {
    const value = control.input.kind === 'choice' && control.input.look === 'checkbox' ? values : values[0];
    const pressed = { userId, actionId: control.id, blockId: control.groupId, value };
    return idOf(
      await act<{ id: string }>('/slack/pressButton', { ...pressed, ...(await surfaceOf(userId, surface)) }),
    );
  },

  async submit({ userId }, { id }, filled) {
    return idOf(
      await act<{ id: string }>('/slack/submitView', {
        userId,
        viewId: id,
        ...(await filledIn(userId, filled)),
      }),
    );
  },

  dismiss: async ({ userId }, { id }) => act('/slack/closeView', { userId, viewId: id }).then(() => null),

  visit: async ({ userId }) => act('/slack/openHome', { userId }).then(() => null),

  explain: (what, name, failure) => EXPLANATIONS[what](name, failure),
};

async function surfaceOf(userId: string, surface: Surface): Promise<object> {
  if ('messageId' in surface) return { messageTs: surface.messageId };
  if ('modalId' in surface) return { viewId: surface.modalId, ...(await filledIn(userId, surface.filled)) };
  return { viewId: surface.pageId };
}

async function filledIn(userId: string, { values, files }: Filled): Promise<object> {
  const uploaded = await Promise.all(
    Object.entries(files).map(async ([id, picked]) => [id, await uploadAll(userId, picked)] as const),
  );
  return { values, files: Object.fromEntries(uploaded) };
}

function uploadAll(userId: string, files: File[]): Promise<string[]> {
  return Promise.all(
    files.map(async (file) => {
      const about = { userId, mimetype: file.type || 'application/octet-stream' };
      return (await upload<{ fileId: string }>('/slack/files', about, file)).fileId;
    }),
  );
}

function idOf({ id }: { id: string }): string {
  return id;
}
