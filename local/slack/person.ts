import { setTimeout as delay } from 'node:timers/promises';

import { createAdministrator, type Administrator } from './administrator.js';
import { deliverEvent, type SlackEvent } from './app-door.js';
import { elementsOf } from './blocks-validation.js';
import { isVisibleToApp, saveFile, storeFile, type FileState, type Upload } from './files.js';
import { actionValue, formState, submitForm, type Filled } from './form-state.js';
import { installationIn, type Installation } from './installations.js';
import { respond, startInteraction, type Act, type Interaction } from './interactions.js';
import { messageObject, toMrkdwn } from './message-object.js';
import type { AppManifest } from './manifest.js';
import { APP, directMessageId, PEOPLE, TEAM, teamOf } from './people.js';
import { sightOf, type Sight } from './sight.js';
import { allViews, applySubmissionAck, stackOf, viewObject, type OpenView } from './views.js';
import { addMessage, channelForPerson, type Message, type SlackWorld } from './world.js';

interface ByUser {
  userId: string;
}
interface InChannel extends ByUser {
  channelId: string;
}
type NewMessage = InChannel & { text?: string; fileIds?: string[]; threadTs?: string };
/** `blockId` tells elements of one action id apart; `value` is several for checkboxes. */
type Pressed = ByUser & Filled & { actionId: string; blockId?: string; value?: string | string[] } & Surface;
/** What the pressed element sits on: a message, the message of an interaction, a modal or the Home tab. */
type Surface = { messageTs?: string; interactionId?: string; viewId?: string };

export type SlackControl = ReturnType<typeof controlOf> & Administrator;

/** What people do and see in Slack, for tests, the demo and the chat console. Impossible acts throw. */
export function createControl(world: SlackWorld): SlackControl {
  return { ...controlOf(world), ...createAdministrator(world) };
}

function controlOf(world: SlackWorld) {
  return {
    /** Stores a file; with a channel it is posted there, without one it waits for `submitView`. */
    async uploadFile(upload: Upload & Partial<NewMessage>) {
      const { channelId } = upload;
      if (channelId !== undefined) channelForPerson(world, upload.userId, channelId);
      const { id: fileId } = await storeFile(world, upload);
      const message =
        channelId === undefined ? null : await post({ ...upload, channelId, fileIds: [fileId] });
      return { fileId, messageTs: message?.ts ?? null };
    },

    async postMessage(message: NewMessage) {
      return { messageTs: (await post(message)).ts };
    },

    /** Slack offers no slash command inside a thread, and so neither does this. */
    runCommand({ userId, channelId, command, text }: InChannel & { command: string; text: string }) {
      const { kind, name } = channelForPerson(world, userId, channelId);
      const team = teamOf(userId);
      const installation = installationIn(world, team.id);
      if (!installation?.scopes.includes('commands')) throw new Error(`${command} is not a valid command`);
      const { enterprise } = world;
      const where = { channel_id: channelId, channel_name: kind === 'private' ? 'privategroup' : name };
      const who = { user_id: userId, user_name: PEOPLE.find((person) => person.id === userId)?.name };
      const whose = {
        ...{ team_id: team.id, team_domain: team.domain },
        ...(enterprise && { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
        is_enterprise_install: String(installation.isEnterpriseInstall),
      };
      return startInteraction(world, {
        ...{ kind: 'command', type: 'slash_commands', userId, channelId, hasResponseUrl: true },
        payload: { ...whose, ...where, ...who, command, text },
        onAck(body, interaction) {
          if (body.text !== undefined || body.blocks !== undefined) respond(world, interaction, body);
        },
      });
    },

    useMessageShortcut(used: InChannel & { messageTs: string; callbackId: string }) {
      const { userId, channelId, messageTs } = used;
      requireShortcut(userId, 'message', used.callbackId);
      const { name } = channelForPerson(world, userId, channelId);
      const message = messageObject(world, messageSeen(userId, messageTs));
      const named = { type: 'message_action', callback_id: used.callbackId, action_ts: seconds() };
      const payload = { ...named, channel: { id: channelId, name }, message_ts: messageTs, message };
      return interact({ userId, channelId, payload, hasResponseUrl: true });
    },

    useGlobalShortcut({ userId, callbackId }: ByUser & { callbackId: string }) {
      requireShortcut(userId, 'global', callbackId);
      const payload = { type: 'shortcut', callback_id: callbackId, action_ts: seconds() };
      return interact({ userId, payload });
    },

    /** Presses a button, or picks `value` in a menu, on something that this person sees. */
    pressButton(pressed: Pressed) {
      const { userId, viewId } = pressed;
      if (viewId !== undefined) {
        const open = viewSeen(userId, viewId);
        const view = viewObject(world, open, formState(world, open, pressed));
        const container = { type: 'view', view_id: viewId };
        return interact({ userId, payload: { ...action(open.content.blocks, pressed), container, view } });
      }
      const ts = pressed.messageTs ?? interaction(pressed.interactionId).current?.ts;
      const original = messageSeen(userId, ts);
      const { channelId, onlyFor, blocks } = original;
      const is_ephemeral = onlyFor !== null;
      const container = { type: 'message', message_ts: ts, channel_id: channelId, is_ephemeral };
      const channel = { id: channelId, name: channelForPerson(world, userId, channelId).name };
      // Slack sends no `message` for an ephemeral one.
      const shown = is_ephemeral ? {} : { message: messageObject(world, original) };
      const payload = { ...action(blocks, pressed), container, channel, ...shown };
      return interact({ userId, channelId, original, hasResponseUrl: true, payload });
    },

    /** Sends the modal on top of the person's stack. */
    async submitView({ userId, viewId, ...filled }: ByUser & Filled & { viewId: string }) {
      const { open, modal } = modalSeen(userId, viewId);
      getInstallation(userId);
      if (!modal.submit) throw new Error(`${viewId} has no submit button`);
      await submitForm(world, open, filled);
      const view = viewObject(world, open, formState(world, open, filled));
      return interact({
        ...{ userId, payload: { type: 'view_submission', view, response_urls: [] } },
        onAck(body, record) {
          applySubmissionAck(world, open, body, record);
        },
      });
    },

    /** Closes the top modal, or all of them under `clear_on_close`; the app hears of it if it asked to. */
    closeView({ userId, viewId }: ByUser & { viewId: string }): Interaction | null {
      const { open, modal } = modalSeen(userId, viewId);
      const { clear_on_close: is_cleared = false, notify_on_close } = modal;
      world.modals.set(userId, is_cleared ? [] : stackOf(world, userId).slice(0, -1));
      const payload = { type: 'view_closed', view: viewObject(world, open), is_cleared };
      return notify_on_close ? interact({ userId, payload, hasTrigger: false }) : null;
    },

    openHome({ userId }: ByUser) {
      const home = world.homes.get(userId);
      const view = home ? { view: viewObject(world, home) } : {};
      const opened = { type: 'app_home_opened', user: userId, channel: directMessageId(userId) };
      send(teamOf(userId).id, { ...opened, tab: 'home', ...view });
    },

    /** As `/invite @app` does. */
    inviteApp({ channelId }: { channelId: string }) {
      const channel = world.channels.find(({ id }) => id === channelId);
      if (!channel || !installationIn(world, channel.teamId))
        throw new Error(`no app to invite to ${channelId}`);
      channel.memberIds.push(APP.botUserId);
    },

    async setFileState({ fileId, state }: { fileId: string; state: FileState }) {
      const file = world.files.get(fileId);
      if (!file) throw new Error(`no file ${fileId}`);
      await saveFile(world, { ...file, state });
    },

    /** Any other event, for example `team_rename`. */
    sendEvent: (event: SlackEvent, teamId = TEAM.id) => send(teamId, event),
    interaction,
    messages({ userId, channelId }: InChannel): Message[] {
      channelForPerson(world, userId, channelId);
      return world.messages.filter((message) => message.channelId === channelId && isSeenBy(message, userId));
    },
    /** The person's open modals, the root first. */
    views: ({ userId }: ByUser): OpenView[] => stackOf(world, userId),
    home: ({ userId }: ByUser): OpenView | null => world.homes.get(userId) ?? null,
    /** All of it at once. */
    sight: ({ userId }: ByUser): Sight => sightOf(world, userId),
    state() {
      const { channels, events, authorizationSeenElsewhere } = world;
      const [files, interactions] = [[...world.files.values()], [...world.interactions.values()]];
      return { people: PEOPLE, channels, files, interactions, events, authorizationSeenElsewhere };
    },

    /** Waits until `look` returns something truthy. @throws Error after 30 s */
    async waitFor<T>(look: () => T | false | '' | null | undefined): Promise<T> {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const seen = look();
        if (seen) return seen;
        if (Date.now() > deadline) throw new Error(`not seen within 30 s: ${String(look)}`);
        await delay(10);
      }
    },
  };

  function interact(act: Omit<Act, 'kind' | 'type'>): Interaction {
    getInstallation(act.userId);
    return startInteraction(world, { kind: String(act.payload.type), type: 'interactive', ...act });
  }

  /** @throws Error where the app is not installed in the person's workspace */
  function getInstallation(userId: string): Installation {
    const { id, name } = teamOf(userId);
    const installation = installationIn(world, id);
    if (!installation) throw new Error(`the app is not installed in ${name}`);
    return installation;
  }

  function requireShortcut(
    userId: string,
    type: AppManifest['shortcuts'][number]['type'],
    callbackId: string,
  ): void {
    getInstallation(userId);
    const isOffered = world.manifest.shortcuts.some((it) => it.type === type && it.callbackId === callbackId);
    if (!isOffered) throw new Error(`the app has no ${type} shortcut ${callbackId}`);
  }

  async function post(message: NewMessage): Promise<Message> {
    const { userId, channelId, text = '', fileIds = [], threadTs = null } = message;
    const { kind, teamId } = channelForPerson(world, userId, channelId);
    const installation = installationIn(world, teamId);
    const hears = (scope: string): boolean => installation?.scopes.includes(scope) ?? false;
    const posted = addMessage(world, { userId, channelId, text: toMrkdwn(text), fileIds, threadTs });
    for (const file of fileIds.flatMap((id) => world.files.get(id) ?? [])) {
      const shared = await saveFile(world, { ...file, channelIds: [...file.channelIds, channelId] });
      if (!installation || !isVisibleToApp(world, installation, shared) || !hears('files:read')) continue;
      // Ids only: the app asks files.info for the rest.
      const ids = { file_id: file.id, file: { id: file.id }, user_id: userId, channel_id: channelId };
      send(teamId, { type: 'file_shared', ...ids });
    }
    if (kind === 'im' && hears('im:history')) {
      send(teamId, {
        ...messageObject(world, posted),
        type: 'message',
        channel: channelId,
        channel_type: 'im',
      });
    }
    return posted;
  }

  // An app hears nothing of a workspace that it is not installed in.
  function send(teamId: string, event: SlackEvent): void {
    const installation = installationIn(world, teamId);
    if (!installation) return;
    void deliverEvent(world, installation, teamId, { ...event, event_ts: event.ts ?? seconds() });
  }

  function seconds(): string {
    return (world.now() / 1000).toFixed(6);
  }

  function interaction(id = ''): Interaction {
    const found = world.interactions.get(id);
    if (!found) throw new Error(`no interaction ${id}`);
    return found;
  }

  function messageSeen(userId: string, ts = ''): Message {
    const message = world.messages.find((each) => each.ts === ts);
    if (!message || !isSeenBy(message, userId)) throw new Error(`${userId} sees no message ${ts}`);
    return message;
  }

  function viewSeen(userId: string, viewId: string): OpenView {
    const open = allViews(world).find((each) => each.id === viewId && each.userId === userId);
    const isOnTop = open?.content.type === 'home' || open === stackOf(world, userId).at(-1);
    if (!open || !isOnTop) throw new Error(`${userId} sees no view ${viewId}`);
    return open;
  }

  function modalSeen(userId: string, viewId: string) {
    const open = viewSeen(userId, viewId);
    if (open.content.type !== 'modal') throw new Error(`${viewId} is not a modal`);
    return { open, modal: open.content };
  }

  function action(
    blocks: Message['blocks'],
    { actionId, blockId, value }: Pressed,
  ): Record<string, unknown> & { type: string } {
    for (const block of blocks.filter((each) => (blockId ?? each.block_id) === each.block_id)) {
      const element = elementsOf(block).find((each) => each.action_id === actionId);
      if (!element) continue;
      const named = {
        action_id: actionId,
        block_id: block.block_id,
        action_ts: seconds(),
        type: element.type,
      };
      return { type: 'block_actions', actions: [{ ...named, ...actionValue(element, value) }] };
    }
    throw new Error(`nothing to press called ${actionId}`);
  }
}

function isSeenBy({ onlyFor }: Message, userId: string): boolean {
  return onlyFor === null || onlyFor === userId;
}
