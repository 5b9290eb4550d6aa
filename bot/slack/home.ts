import type { types } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { phrase, type Language } from '../../core/messages/messages.js';
import { speak, type Button, type SpokenAnswer } from '../chat.js';
import { render } from './render.js';
import { replyTo, type SlackPerson } from './slack-person.js';

const HANDLE = 'home';

const NAVIGATION: Button[] = [
  { label: phrase('button.share_file', {}), action: 'choose-files', style: 'primary' },
  { label: phrase('button.history', {}), action: 'history', id: '1', style: 'plain' },
  { label: phrase('button.settings', {}), action: 'settings', style: 'plain' },
];

/** Somebody's Home tab as the place of an answer: it may be shown anew as often as one likes. */
export function replyAtHome(person: SlackPerson): ChatReply {
  return { ...replyTo(person, HANDLE), repliesLeft: 1_000 };
}

/** Whether a reply handle means its person's Home tab. */
export function isHome(replyHandle: string): boolean {
  return replyHandle === HANDLE;
}

/** Shows an answer in somebody's Home tab. @see https://docs.slack.dev/reference/methods/views.publish */
export async function publishHome(
  client: WebClient,
  { userId, language }: Pick<ChatReply, 'userId' | 'language'>,
  answer: SpokenAnswer,
): Promise<void> {
  const { blocks } = render(withNavigation(answer, language));
  const view: types.HomeView = { type: 'home', blocks };
  await client.views.publish({ user_id: userId, view });
}

/** Every page of the Home tab leads to the others, once, and to sharing a file, also one that is edited later. */
function withNavigation({ buttons, ...answer }: SpokenAnswer, language: Language): SpokenAnswer {
  const own = buttons.filter(({ action, id }) => action !== 'history' || id);
  return { ...answer, buttons: [...own, ...speak({ lines: [], buttons: NAVIGATION }, language).buttons] };
}
