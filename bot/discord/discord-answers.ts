import {
  DiscordAPIError,
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

/** Gives answers by REST alone, so that they go out while the gateway is away. */
export function createDiscordAnswers(rest: REST): Pick<ChatPlatform, 'edit' | 'message'> {
  return {
    /** Edits what `@original` means to an interaction. Its token is the only right needed. */
    async edit(replyHandle, answer) {
      const [applicationId = '', token = ''] = replyHandle.split('/', 2);
      const route = Routes.webhookMessage(applicationId, token, '@original');
      return isDone(rest.patch(route, { body: render(answer), auth: false }), (error) => {
        return error.status === 404 || NO_LONGER_EDITABLE.some((code) => code === error.code);
      });
    },

    async message(userId, answer) {
      const send = async (): Promise<unknown> => {
        const body = { recipient_id: userId };
        const channel = (await rest.post(Routes.userChannels(), {
          body,
        })) as RESTPostAPICurrentUserCreateDMChannelResult;
        return rest.post(Routes.channelMessages(channel.id), { body: render(answer) });
      };
      return isDone(send(), (error) => TAKES_NO_MESSAGES.some((code) => code === error.code));
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
