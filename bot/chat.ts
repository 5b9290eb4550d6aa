import type { ChatNotice } from '../prisma/generated/client.js';
import type { ChatProfile, ChatReply } from '../core/identities/chat-user.js';
import type { Deps } from '../core/ports.js';
import { text, type Language, type Phrase } from '../core/messages/messages.js';
import type { ShareRequest } from '../core/shares/share-request.js';

/** What neutral commands work with. */
export type BotDeps = Pick<Deps, 'db' | 'queue' | 'log' | 'limits' | 'linkSecrets' | 'timings' | 'marks'> & {
  portalUrl: string;
};

/**
 * How much of a wish its person has seen: all of it, in a form (`done`); what was typed, once (`typed`); or not
 * even the files, which were picked for the person (`picked`).
 */
export type Review = 'done' | 'typed' | 'picked';

/** A person's wish to share, translated in from a platform. */
export interface ChatShare {
  person: ChatProfile;
  /** `slack:<trigger id>`, `discord:<interaction id>`: the same wish has the same key. */
  requestKey: string;
  entrance: ShareRequest['entrance'];
  /** As typed: raw addresses, or Slack's `<mailto:…>` forms. */
  emailsText: string;
  files: ShareRequest['files'];
  message?: string;
  lifetimeDays?: number;
  /** The workspaces that it is made in, whose rules hold: Slack's team and its organisation, Discord's guild. */
  places: readonly string[];
  review: Review;
  /** Absent where the platform follows the share by itself. */
  reply?: ChatReply;
}

/** What a button asks for; its id is checked against the person who presses it. */
export const BUTTON_ACTIONS = [
  'connect',
  'dismiss',
  'confirm-link',
  'refuse-link',
  'send-draft',
  'discard-draft',
  'choose-files',
  'fix',
  'history',
  'show',
  'revoke',
  'extend',
  'resend',
  'link',
  'change-address',
  'settings',
  'set',
  'disconnect',
  'change-rules',
  'export-log',
] as const;
export type ButtonAction = (typeof BUTTON_ACTIONS)[number];

export interface Button<Words = Phrase> {
  label: Words;
  action: ButtonAction;
  /** What the action is about, if anything: a row's id, as a rule. */
  id?: string;
  style: 'primary' | 'plain' | 'danger';
}

/** An answer in no platform's words and no language. Always for the person alone. */
export interface Answer<Words = Phrase> {
  /** Shown in bold. */
  title?: Words;
  lines: Words[];
  buttons: Button<Words>[];
  /** A button that opens a page. */
  link?: { label: Words; url: string };
  /** Nothing more will be said about this by itself. */
  isFinal?: boolean;
}

/** An answer in its reader's language. Text is plain: each platform escapes it. */
export type SpokenAnswer = Answer<string>;

/** Says an answer in one language. */
export function speak({ title, lines, buttons, link, ...rest }: Answer, language: Language): SpokenAnswer {
  const say = ({ code, params }: Phrase): string => text(code, params, language);
  return {
    ...rest,
    ...(title ? { title: say(title) } : {}),
    lines: lines.flatMap((line) => say(line).split('\n')),
    buttons: buttons.map((button) => ({ ...button, label: say(button.label) })),
    ...(link ? { link: { ...link, label: say(link.label) } } : {}),
  };
}

/** `null` where the answer is owed by a row, and the notice sender will give it. */
export type CommandResult = Answer | null;

/** Whom a platform writes to. */
export type ChatAddress = Pick<ChatReply, 'workspaceId' | 'teamId' | 'userId'>;

/** What the notice sender needs of a platform. */
export interface ChatPlatform {
  readonly platform: ChatNotice['platform'];
  /** Edits the answer behind a handle. @returns false where the platform no longer allows it */
  edit(
    place: ChatAddress & Pick<ChatReply, 'replyHandle' | 'language'>,
    answer: SpokenAnswer,
  ): Promise<boolean>;
  /** Writes to a person directly. @returns false where the person does not take messages */
  message(person: ChatAddress, answer: SpokenAnswer): Promise<boolean>;
  /** What this process does there, for its ready line, where that is not plain. */
  status?: () => string;
  stop(): Promise<void>;
}

/** `connect`, `send-draft:<id>`: how a button travels through a platform and back. */
export function encodeButton({ action, id }: Pick<Button<unknown>, 'action' | 'id'>): string {
  return id ? `${action}:${id}` : action;
}

/** The button behind a platform's custom id; null for anything that is not one of ours. */
export function decodeButton(text: string): { action: ButtonAction; id: string } | null {
  const [name = '', id = ''] = text.split(':', 2);
  const action = BUTTON_ACTIONS.find((known) => known === name);
  return action ? { action, id } : null;
}
