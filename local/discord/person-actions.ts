import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { attachmentObject, storeFile } from './cdn.js';
import { resolveOptions } from './command-options.js';
import { actionInputs, type DiscordControl, type Input } from './control.js';
import type { Gateway } from './gateway.js';
import type { Interactions } from './interactions.js';
import { createMessage } from './messages.js';
import { modalValues } from './modal-values.js';
import { messageObject } from './objects.js';
import { listOffered } from './offered-commands.js';
import { sightOf } from './sight.js';
import type { Command } from './validate-command.js';
import { allComponents, type Component } from './validate-message.js';
import { findDirectMessageChannel, type Channel, type StoredMessage, type World } from './world.js';

/** Of what drives a person, on a machine that does much else. */
const PATIENCE_MS = 30_000;
const POLL_MS = 15;
const BUTTON = 2;
const STRING_SELECT = 3;

/** Acts as the people of the local Discord, through what their clients would let them do. */
export function createPersonActions(
  world: World,
  gateway: Gateway,
  interactions: Interactions,
  filesFolder: string,
): DiscordControl {
  const control: DiscordControl = {
    uploadFile: ({ userId, channelId, name, contentType, ...from }) => {
      const bytes = 'path' in from ? createReadStream(from.path) : Readable.from([from.bytes]);
      return control.uploadStream({ userId, channelId, name, contentType }, bytes);
    },

    uploadStream: async ({ userId, channelId, name, contentType = null }, bytes) => {
      channelOf(world, channelId, userId);
      const file = await storeFile(
        world,
        filesFolder,
        { ownerId: userId, channelId, name, contentType },
        bytes,
      );
      return attachmentObject(world, file, true);
    },

    invokeCommand: (input) => {
      const { options, subcommand, ...given } = actionInputs.invokeCommand.parse(input);
      const { userId, channelId, guildId, locale } = given;
      const channel = channelOf(world, channelId, userId);
      if (guildId !== undefined && guildId !== channel.guildId)
        throw new Error('The channel is not in that guild');
      const { command, isUserInstalled } = commandFor(world, channel, userId, 1, given.command);
      const values = resolveOptions(world, userId, command, subcommand, options);
      const data = { id: command.id, name: command.name, type: 1, ...values };
      return opened(interactions.open({ type: 2, userId, channelId, data, isUserInstalled, locale }));
    },

    useMessageCommand: (input) => {
      const { userId, messageId, command: name } = actionInputs.useMessageCommand.parse(input);
      const message = world.messages.get(messageId);
      if (!message || message.isDeleted) throw new Error(`No message ${messageId}`);
      const { channelId } = message;
      const { command, isUserInstalled } = commandFor(
        world,
        channelOf(world, channelId, userId),
        userId,
        3,
        name,
      );
      const resolved = { messages: { [messageId]: messageObject(world, message) } };
      const data = { id: command.id, name, type: 3, target_id: messageId, resolved };
      return opened(interactions.open({ type: 2, userId, channelId, data, isUserInstalled }));
    },

    pressButton: (input) => {
      const { message, found } = findComponent(input, BUTTON);
      return useComponent(input.userId, message, found);
    },

    selectOption: ({ values, ...input }) => {
      const { message, found } = findComponent(input, STRING_SELECT);
      const isUnknown = values.some((value) => !found.options?.some((it) => it.value === value));
      const isCountWrong = values.length < (found.min_values ?? 1) || values.length > (found.max_values ?? 1);
      if (isUnknown || isCountWrong) throw new Error(`The select does not allow ${values.join(', ')}`);
      return useComponent(input.userId, message, found, values);
    },

    submitModal: (input) => {
      const { userId, interactionId, values, files } = actionInputs.submitModal.parse(input);
      const opener = interactions.get(interactionId);
      if (!opener?.modal || opener.userId !== userId)
        throw new Error('This person has no modal open from there');
      const { channelId, sourceMessageId, modal } = opener;
      const data = { custom_id: modal.custom_id, ...modalValues(world, userId, modal, values, files) };
      const about = { type: 5, userId, channelId, sourceMessageId };
      return opened(interactions.open({ ...about, modalOpener: opener, data }));
    },

    postMessage: (input) => {
      const { userId, channelId, content, attachmentIds } = actionInputs.postMessage.parse(input);
      channelOf(world, channelId, userId);
      const isForeign = attachmentIds.some((id) => world.files.get(id)?.ownerId !== userId);
      if (isForeign) throw new Error('An attachment was not uploaded by this person');
      const draft = { channelId, authorId: userId, fileIds: attachmentIds };
      return { messageId: createMessage(world, draft, { content }).id };
    },

    openDirectMessage: ({ userId }) => {
      const channel = findDirectMessageChannel(world, userId);
      if (!channel) throw new Error(`No person ${userId}`);
      return { channelId: channel.id };
    },

    interact: (opening) => opened(interactions.open(opening)),

    dispatch: (name, data) => {
      world.events.emit('dispatch', name, data, 0);
    },

    interaction: interactions.view,

    waitFor: async (id, isReached) => {
      const endsAtMs = Date.now() + PATIENCE_MS;
      for (;;) {
        const view = interactions.view(id);
        if (isReached(view)) return view;
        if (Date.now() > endsAtMs) throw new Error(`Still not so: ${JSON.stringify(view)}`);
        await sleep(POLL_MS);
      }
    },

    messages: ({ channelId, userId }) =>
      [...world.messages.values()]
        .filter((it) => it.channelId === channelId && isSeenBy(it, userId))
        .map((it) => messageObject(world, it)),

    sight: ({ userId }) => sightOf(world, interactions, userId),

    state: () => ({
      botId: world.applicationId,
      people: [...world.people.values()],
      guilds: [...world.guilds.values()],
      channels: [...world.channels.values()],
      commands: Object.fromEntries(world.commands),
      gateway: { connected: gateway.connected(), identifies: gateway.identifies() },
    }),

    setManager: ({ userId, managesGuilds }) => {
      const person = world.people.get(userId);
      if (!person) throw new Error(`No person ${userId}`);
      world.people.set(userId, { ...person, managesGuilds });
    },

    passTime: ({ ms }) => {
      world.passTime(ms);
    },
    reconnectGateway: gateway.reconnect,
    invalidateSessions: gateway.invalidate,
  };
  return control;

  function findComponent(
    input: Input<'pressButton'>,
    type: number,
  ): { message: StoredMessage; found: Component } {
    const { userId, interactionId, messageId, customId } = input;
    const message = world.messages.get(messageId ?? '');
    const messages = interactionId ? interactions.messagesOf(interactionId) : message ? [message] : [];
    for (const it of messages.filter((shown) => isSeenBy(shown, userId))) {
      const found = allComponents(it.components).find(
        (one) => one.custom_id === customId && one.type === type,
      );
      if (found?.disabled) throw new Error(`"${customId}" is disabled`);
      if (found) return { message: it, found };
    }
    throw new Error(`This person sees no such component as "${customId}"`);
  }

  function useComponent(
    userId: string,
    { id, channelId }: StoredMessage,
    it: Component,
    values?: string[],
  ): Opened {
    channelOf(world, channelId, userId);
    const data = { id: it.id, component_type: it.type, custom_id: it.custom_id, ...(values && { values }) };
    return opened(interactions.open({ type: 3, userId, channelId, sourceMessageId: id, data }));
  }
}

type Opened = { interactionId: string };
const opened = ({ id }: { id: string }): Opened => ({ interactionId: id });

function isSeenBy(message: StoredMessage, userId: string | undefined): boolean {
  return !message.isDeleted && (!message.onlyFor || message.onlyFor === userId);
}

function channelOf(world: World, channelId: string, userId: string): Channel {
  if (!world.people.has(userId)) throw new Error(`No person ${userId}`);
  const channel = world.channels.get(channelId);
  const isTheirs = channel && (!channel.recipientId || channel.recipientId === userId);
  if (!isTheirs) throw new Error(`No channel ${channelId} for this person`);
  return channel;
}

function commandFor(
  world: World,
  channel: Channel,
  userId: string,
  type: number,
  name: string,
): { command: Command; isUserInstalled: boolean } {
  const command = listOffered(world, channel, userId).find((it) => it.type === type && it.name === name);
  if (!command) throw new Error(`The app offers no command "${name}" of that kind here`);
  return { command, isUserInstalled: command.integration_types?.includes(1) ?? false };
}
