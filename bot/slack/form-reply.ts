import * as z from 'zod';
import type { ChatReply } from '../../core/identities/chat-user.js';
import { languageOf } from '../../core/messages/messages.js';
import { replyTo, type SlackPerson } from './slack-person.js';

/** What travels with a form, through the person's client: where and in which language the person is answered. */
const formReply = z.object({
  url: z.string(),
  until: z.number(),
  left: z.number().int().min(0),
  language: z.string(),
  /** What the form is about, if it says so. */
  id: z.string().default(''),
});

/** The part of a form's metadata that says where its sender is answered. */
export function replyInForm({ replyHandle, replyUntil, repliesLeft, language }: ChatReply): {
  url: string;
  until: number;
  left: number;
  language: string;
} {
  return { url: replyHandle, until: replyUntil.getTime(), left: repliesLeft, language };
}

/** Where the sender of a form is answered; by a direct message alone where that is not known or over. */
export function replyOfForm(person: SlackPerson, metadata: string): { reply: ChatReply; id: string } {
  const parsed = formReply.safeParse(parseJson(metadata));
  const fresh = replyTo(person, parsed.data?.url ?? '');
  if (!parsed.success) return { reply: { ...fresh, replyUntil: new Date(0), repliesLeft: 0 }, id: '' };
  const { until, left, language, id } = parsed.data;
  const reply = {
    ...fresh,
    language: languageOf(language) ?? fresh.language,
    replyUntil: new Date(Math.min(until, fresh.replyUntil.getTime())),
    repliesLeft: Math.min(left, fresh.repliesLeft),
  };
  return { reply, id };
}

/** What a form carries, whoever sends it. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
