import { randomBytes } from 'node:crypto';

import * as z from 'zod';

import { invalidFormBody, parseBody, refusal } from './discord-error.js';
import { interactionPayload, type Details } from './interaction-payload.js';
import { createMessage, deleteMessage, editMessage, getMessage } from './messages.js';
import { messageObject, type MessageObject } from './objects.js';
import { EPHEMERAL, LOADING, parseMessage, type MessageBody } from './validate-message.js';
import { parseModal, type Modal } from './validate-modal.js';
import type { StoredMessage, World } from './world.js';

const FIRST_ANSWER_MS = 3000;
const TOKEN_LIFE_MS = 15 * 60_000;
const MAX_FOLLOW_UPS_OUTSIDE = 5;
const MODAL_SUBMIT = 5;

/** @see https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type */
const callback = { message: 4, deferredMessage: 5, deferredUpdate: 6, update: 7, modal: 9 } as const;
const callbackBody = z.object({ type: z.int(), data: z.unknown().optional() });
const deferData = z.looseObject({ flags: z.int().nullish() }).nullish();

/** One thing that a person did, and what the app has answered so far. */
export interface Interaction {
  id: string;
  token: string;
  type: number;
  userId: string;
  channelId: string;
  startedAtMs: number;
  /** The type of the first answer. */
  callbackType: number | null;
  /** The app is in the guild or the channel is its direct message, so follow-ups have no limit. */
  hasAppHere: boolean;
  modal: Modal | null;
  /** The interaction that opened the modal that this one submits. */
  modalOpener: Interaction | null;
  /** The message whose component was used, or from which the modal was opened. */
  sourceMessageId: string | null;
  /** The message that `@original` means. */
  originalId: string | null;
  followUpIds: string[];
}
/** What the person sees of an interaction: `failed` is the client's "did not respond". */
export interface InteractionView {
  id: string;
  acknowledged: boolean;
  deferred: boolean;
  ephemeral: boolean;
  failed: boolean;
  modal: Modal | null;
  message: MessageObject | null;
  /** The message as it was after each change. */
  history: MessageObject[];
  followUps: MessageObject[];
}
export interface Interactions {
  /** Starts an interaction and dispatches INTERACTION_CREATE to every session. */
  open(opening: Opening): Interaction;
  /** Takes the first answer; gives the callback response object of `with_response`. */
  answer(id: string, token: string, body: unknown): object;
  /** Adds a message by token. Right after a deferred answer it edits the loading message instead. */
  followUp(token: string, body: unknown): MessageObject;
  edit(token: string, messageId: string, body: unknown): MessageObject;
  read(token: string, messageId: string): MessageObject;
  remove(token: string, messageId: string): void;
  view: (id: string) => InteractionView;
  get(id: string): Interaction | undefined;
  /** What the person did, oldest first. */
  idsOf(userId: string): string[];
  /** The messages that the app has made or changed by this interaction. */
  messagesOf(id: string): StoredMessage[];
}
export type Opening = Pick<Interaction, 'type' | 'userId' | 'channelId'> &
  Partial<Pick<Interaction, 'modalOpener' | 'sourceMessageId'>> &
  Details;

/**
 * The life of interactions: 3 seconds to the first answer, then 15 minutes of edits and follow-ups by token.
 * @see https://docs.discord.com/developers/interactions/receiving-and-responding
 */
export function createInteractions(world: World): Interactions {
  const interactions = new Map<string, Interaction>();

  function open({ data, isUserInstalled, locale, change, ...opening }: Opening): Interaction {
    const channel = world.channels.get(opening.channelId);
    const guild = world.guilds.get(channel?.guildId ?? '');
    const interaction: Interaction = {
      id: world.snowflake(),
      token: randomBytes(48).toString('base64url'),
      startedAtMs: world.now(),
      callbackType: null,
      hasAppHere: guild?.hasApp ?? true,
      modal: null,
      modalOpener: null,
      sourceMessageId: null,
      originalId: null,
      followUpIds: [],
      ...opening,
    };
    interactions.set(interaction.id, interaction);
    const payload = interactionPayload(world, interaction, { data, isUserInstalled, locale });
    world.events.emit('dispatch', 'INTERACTION_CREATE', change?.(payload) ?? payload, 0);
    return interaction;
  }

  function answer(id: string, token: string, body: unknown): object {
    const interaction = interactions.get(id);
    if (interaction?.token !== token || isTooLate(interaction)) throw refusal('unknownInteraction');
    if (interaction.callbackType !== null) throw refusal('alreadyAcknowledged');
    const { type, data } = parseBody(callbackBody, body);
    applyAnswer(interaction, type, data);
    interaction.callbackType = type;
    if (interaction.modalOpener) interaction.modalOpener.modal = null;
    const message = interaction.originalId ? world.messages.get(interaction.originalId) : undefined;
    const about = message && {
      response_message_id: message.id,
      response_message_loading: Boolean(message.flags & LOADING),
      response_message_ephemeral: Boolean(message.flags & EPHEMERAL),
    };
    const resource = {
      type,
      ...(message && type !== callback.modal && { message: messageObject(world, message) }),
    };
    return { interaction: { id, type: interaction.type, ...about }, resource };
  }

  function applyAnswer(interaction: Interaction, type: number, data: unknown): void {
    const source = interaction.sourceMessageId;
    if (type === callback.message) {
      interaction.originalId = say(interaction, parseMessage(data, ['data'])).id;
    } else if (type === callback.deferredMessage) {
      const flags = parseBody(deferData, data, ['data'])?.flags ?? 0;
      if (flags & ~EPHEMERAL) {
        throw invalidFormBody([{ path: ['data', 'flags'], code: 'MESSAGE_FLAGS_INVALID' }]);
      }
      interaction.originalId = say(interaction, { flags: flags | LOADING, components: [] }).id;
    } else if (type === callback.modal && interaction.type !== MODAL_SUBMIT) {
      interaction.modal = parseModal(data);
    } else if ((type === callback.deferredUpdate || type === callback.update) && source) {
      const message = getMessage(world, source);
      if (type === callback.update) editMessage(world, message, parseMessage(data, ['data'], message.flags));
      interaction.originalId = source;
    } else {
      throw invalidFormBody([{ path: ['type'], code: 'INTERACTION_CALLBACK_TYPE_INVALID' }]);
    }
  }

  function followUp(token: string, body: unknown): MessageObject {
    const interaction = byToken(token);
    const original = world.messages.get(interaction.originalId ?? '');
    if (original && !original.isDeleted && original.flags & LOADING) return edit(token, '@original', body);
    const isFull = !interaction.hasAppHere && interaction.followUpIds.length >= MAX_FOLLOW_UPS_OUTSIDE;
    if (isFull) throw refusal('tooManyFollowUps');
    const message = say(interaction, parseMessage(body));
    interaction.followUpIds.push(message.id);
    return messageObject(world, message);
  }

  function edit(token: string, messageId: string, body: unknown): MessageObject {
    const message = messageOf(byToken(token), messageId);
    return messageObject(world, editMessage(world, message, parseMessage(body, [], message.flags)));
  }

  function say(interaction: Interaction, body: MessageBody): StoredMessage {
    const { id, type, userId, channelId } = interaction;
    const onlyFor = (body.flags ?? 0) & EPHEMERAL ? userId : null;
    return createMessage(
      world,
      { channelId, authorId: world.applicationId, onlyFor, interaction: { id, type, userId } },
      body,
    );
  }

  function byToken(token: string): Interaction {
    const interaction = [...interactions.values()].find((it) => it.token === token);
    if (!interaction || world.now() - interaction.startedAtMs > TOKEN_LIFE_MS)
      throw refusal('invalidWebhookToken');
    if (interaction.callbackType === null) throw refusal('unknownWebhook');
    return interaction;
  }

  function messageOf(interaction: Interaction, messageId: string): StoredMessage {
    const own = [interaction.originalId, ...interaction.followUpIds];
    const id = messageId === '@original' ? interaction.originalId : own.find((it) => it === messageId);
    return getMessage(world, id);
  }

  function isTooLate(interaction: Interaction): boolean {
    const ageMs = world.now() - interaction.startedAtMs;
    return ageMs > (interaction.callbackType === null ? FIRST_ANSWER_MS : TOKEN_LIFE_MS);
  }

  function view(id: string): InteractionView {
    const interaction = interactions.get(id);
    if (!interaction) throw new Error(`No interaction ${id}`);
    const message = world.messages.get(interaction.originalId ?? '');
    const { callbackType } = interaction;
    return {
      id,
      acknowledged: callbackType !== null,
      deferred: callbackType === callback.deferredMessage || callbackType === callback.deferredUpdate,
      ephemeral: Boolean((message?.flags ?? 0) & EPHEMERAL),
      failed: callbackType === null && isTooLate(interaction),
      modal: interaction.modal,
      message: message && !message.isDeleted ? messageObject(world, message) : null,
      history: message?.history ?? [],
      followUps: interaction.followUpIds
        .flatMap((it) => world.messages.get(it) ?? [])
        .filter((it) => !it.isDeleted)
        .map((it) => messageObject(world, it)),
    };
  }

  return {
    open,
    answer,
    followUp,
    edit,
    read: (token: string, messageId: string) => messageObject(world, messageOf(byToken(token), messageId)),
    remove: (token: string, messageId: string) => {
      deleteMessage(world, messageOf(byToken(token), messageId));
    },
    view,
    get: (id) => interactions.get(id),
    idsOf: (userId) => [...interactions.values()].filter((it) => it.userId === userId).map(({ id }) => id),
    messagesOf: (id) => {
      const it = interactions.get(id);
      return [it?.originalId, ...(it?.followUpIds ?? [])].flatMap(
        (own) => world.messages.get(own ?? '') ?? [],
      );
    },
  };
}
