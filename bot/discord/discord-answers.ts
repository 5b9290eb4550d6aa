import {
  DiscordAPIError,
  InteractionResponseType,
  MessageFlags,
  RESTJSONErrorCodes,
  Routes,
  type RESTPostAPICurrentUserCreateDMChannelResult,
  type REST,
} from 'discord.js';
import type { ChatPlatform } from '../chat.js';
import { render } from './render.js';

const { UnknownMessage, UnknownWebhook, InvalidWebhookToken } = RESTJSONErrorCodes;
const { CannotSendMessagesToThisUser, CannotSendMessagesToThisUserDueToHavingNoMutualGuilds } =
  RESTJSONErrorCodes;
const { UnknownUser, InvalidRecipients } = RESTJSONErrorCodes;

/** The answer was deleted, or its interaction is older than 15 minutes. */
const NO_LONGER_EDITABLE = [UnknownMessage, UnknownWebhook, InvalidWebhookToken];

const TAKES_NO_MESSAGES = [
  CannotSendMessagesToThisUser,
  CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
  UnknownUser,
  InvalidRecipients,
];

/** How answers reach a person. */
export interface DiscordAnswers extends Pick<ChatPlatform, 'edit' | 'message'> {
  /** Answers an interaction that nobody has acknowledged. */
  refuse(interaction: { id: string; token: string }, content: string): Promise<void>;
  /** Beneath a message, for all to see; nothing where we may not write there. */
  replyInChannel(channelId: string, messageId: string, content: string): Promise<void>;
}

/** Gives answers by REST alone, so that they go out while the gateway is away. */
export function createDiscordAnswers(rest: REST): DiscordAnswers {
  return {
    /** Edits what `@original` means to an interaction. Its token is the only right needed. */
    async edit({ replyHandle }, answer) {
      const [applicationId = '', token = ''] = replyHandle.split('/', 2);
      const route = Routes.webhookMessage(applicationId, token, '@original');
      return isDone(rest.patch(route, { body: render(answer), auth: false }), (error) => {
        return error.status === 404 || NO_LONGER_EDITABLE.some((code) => code === error.code);
      });
    },

    async message({ userId }, answer) {
      const send = async (): Promise<unknown> => {
        const body = { recipient_id: userId };
        const channel = (await rest.post(Routes.userChannels(), {
          body,
        })) as RESTPostAPICurrentUserCreateDMChannelResult;
        return rest.post(Routes.channelMessages(channel.id), { body: render(answer) });
      };
      return isDone(send(), (error) => TAKES_NO_MESSAGES.some((code) => code === error.code));
    },

    async refuse({ id, token }, content) {
      const data = { content, flags: MessageFlags.Ephemeral };
      const body = { type: InteractionResponseType.ChannelMessageWithSource, data };
      await rest.post(Routes.interactionCallback(id, token), { body, auth: false });
    },

    async replyInChannel(channelId, messageId, content) {
      const reply = { message_id: messageId, fail_if_not_exists: false };
      const body = { content, message_reference: reply, allowed_mentions: { parse: [] } };
      await isDone(rest.post(Routes.channelMessages(channelId), { body }), (error) => error.status === 403);
    },
  };
}

async function isDone(
  call: Promise<unknown>,
  isRefusal: (error: DiscordAPIError) => boolean,
): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof DiscordAPIError && isRefusal(error)) return false;
    throw error;
  }
}
