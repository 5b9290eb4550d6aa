import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import { AppError } from '../../core/errors.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import type { SlackWorkspace } from '../../core/ports.js';
import { speak, type Answer, type ChatPlatform } from '../chat.js';
import { isHome, publishHome } from './home.js';
import { render } from './render.js';

const TIMEOUT_MS = 5_000;

/** Reasons why a person cannot be written to directly. @see https://docs.slack.dev/reference/methods/chat.postMessage */
const TAKES_NO_MESSAGES = new Set([
  'channel_not_found',
  'user_not_found',
  'user_disabled',
  'messages_tab_disabled',
  'cannot_dm_bot',
  'is_archived',
  'not_in_channel',
  'restricted_action',
]);

/** Makes clients for one workspace each. */
export type SlackClients = (workspace: SlackWorkspace) => Promise<WebClient>;

/** How answers reach a person: by the response_url of what they did, else directly. */
export interface SlackAnswers extends Pick<ChatPlatform, 'edit' | 'message'> {
  /** Answers what somebody has just done: in place while that is allowed, otherwise directly. */
  tell(reply: ChatReply, answer: Answer): Promise<void>;
}

/** `apiUrl` says which Slack it is: response_urls of any other host are refused. */
export function createSlackAnswers(clientFor: SlackClients, apiUrl: string): SlackAnswers {
  const origin = replyOrigin(apiUrl);

  const edit: ChatPlatform['edit'] = async ({ replyHandle, userId, language, ...workspace }, answer) => {
    if (isHome(replyHandle)) {
      await publishHome(await clientFor(workspace), { userId, language }, answer).catch(heedLimit);
      return true;
    }
    if (!URL.canParse(replyHandle) || new URL(replyHandle).origin !== origin) return false;
    const response = await fetch(replyHandle, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: true, ...render(answer) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await response.text();
    if (response.ok) return true;
    if (response.status === 429) throw tooMany(Number(response.headers.get('retry-after')) || 1);
    // "expired_url" after 30 minutes, "used_url" after five posts.
    if (response.status === 404 || response.status === 410 || /(expired|used|invalid)_url/.test(body))
      return false;
    throw new Error(`response_url answered ${response.status}`);
  };

  const message: ChatPlatform['message'] = async ({ userId, ...workspace }, answer) => {
    const client = await clientFor(workspace);
    try {
      await client.chat.postMessage({ channel: userId, ...render(answer) });
      return true;
    } catch (error) {
      if (error instanceof WebAPIPlatformError && TAKES_NO_MESSAGES.has(error.data.error)) return false;
      return heedLimit(error);
    }
  };

  return {
    edit,
    message,
    async tell(reply, answer) {
      const spoken = speak(answer, reply.language);
      const isShown = reply.replyUntil.getTime() > Date.now() && (await edit(reply, spoken));
      if (!isShown) await message(reply, spoken);
    },
  };
}

/** A call that Slack wants to have later, as an error that says when. @throws what it was given, otherwise */
function heedLimit(error: unknown): never {
  throw error instanceof WebAPIRateLimitedError ? tooMany(error.retryAfter, error) : error;
}

function tooMany(retryAfterSeconds: number, cause?: unknown): AppError {
  return new AppError('unavailable', 'service.unavailable', {}, { retryAfterSeconds, cause });
}

/** Where Slack's response_urls live; a double serves everything from one place. */
function replyOrigin(apiUrl: string): string {
  const { origin, hostname } = new URL(apiUrl);
  return hostname === 'slack.com' ? 'https://hooks.slack.com' : origin;
}
