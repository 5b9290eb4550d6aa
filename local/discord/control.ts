import type { Readable } from 'node:stream';

import * as z from 'zod';

import type { AttachmentObject } from './cdn.js';
import type { InteractionView, Opening } from './interactions.js';
import type { MessageObject } from './objects.js';
import type { Sight } from './sight.js';
import type { Command } from './validate-command.js';
import type { Channel, DiscordPerson, Guild } from './world.js';

const where = { userId: z.string(), channelId: z.string() };
/** A component on a message, or on the app's answers to an interaction. */
const component = {
  userId: z.string(),
  interactionId: z.string().optional(),
  messageId: z.string().optional(),
  customId: z.string(),
};

/** What each action takes, for callers in this process and over HTTP alike. */
export const actionInputs = {
  invokeCommand: z.object({
    ...where,
    guildId: z.string().nullish(),
    command: z.string(),
    subcommand: z.string().optional(),
    options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    locale: z.string().optional(),
  }),
  useMessageCommand: z.object({ userId: z.string(), messageId: z.string(), command: z.string() }),
  pressButton: z.object(component),
  selectOption: z.object({ ...component, values: z.array(z.string()) }),
  submitModal: z.object({
    userId: z.string(),
    interactionId: z.string(),
    values: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
    files: z.record(z.string(), z.array(z.string())).default({}),
  }),
  postMessage: z.object({
    ...where,
    content: z.string().max(2000).default(''),
    attachmentIds: z.array(z.string()).max(10).default([]),
  }),
  openDirectMessage: z.object({ userId: z.string() }),
  passTime: z.object({ ms: z.number() }),
  setManager: z.object({ userId: z.string(), managesGuilds: z.boolean() }),
};
export type Input<Name extends keyof typeof actionInputs> = z.input<(typeof actionInputs)[Name]>;
type Opened = { interactionId: string };
type About = { userId: string; channelId: string; name: string; contentType?: string | undefined };

/** Acting as a person. Every action throws an Error that says why when the person's client would not offer it. */
export interface DiscordControl {
  /** Uploads for an option, a modal or a message; the object is that of an ephemeral upload. */
  uploadFile: (file: About & ({ bytes: Uint8Array } | { path: string })) => Promise<AttachmentObject>;
  uploadStream: (about: About, bytes: Readable) => Promise<AttachmentObject>;
  invokeCommand: (input: Input<'invokeCommand'>) => Opened;
  useMessageCommand: (input: Input<'useMessageCommand'>) => Opened;
  pressButton: (input: Input<'pressButton'>) => Opened;
  /** For string selects only. */
  selectOption: (input: Input<'selectOption'>) => Opened;
  /** Submits the modal that the interaction opened; prefilled texts count unless others are given. */
  submitModal: (input: Input<'submitModal'>) => Opened;
  postMessage: (input: Input<'postMessage'>) => { messageId: string };
  /** The direct-message channel of the person with the bot. */
  openDirectMessage: (input: Input<'openDirectMessage'>) => { channelId: string };
  /** Any interaction at all, also one that no client would send. In this process only, as is `dispatch`. */
  interact: (opening: Opening) => Opened;
  /** Any event at all, to every session. */
  dispatch: (name: string, data: object) => void;
  interaction: (id: string) => InteractionView;
  /** Waits until the interaction looks as wanted; rejects with its last state after 30 s. */
  waitFor: (id: string, isReached: (it: InteractionView) => boolean) => Promise<InteractionView>;
  /** The messages of a channel that everyone sees, and the ephemeral ones of `userId` if given. */
  messages: (of: { channelId: string; userId?: string | undefined }) => MessageObject[];
  /** Everything that one person sees. */
  sight: (of: { userId: string }) => Sight;
  state: () => DiscordState;
  /** Gives somebody every permission in guilds, or takes Manage Server and Administrator away. */
  setManager: (input: Input<'setManager'>) => void;
  /** Lets time pass at once for tokens and URLs. */
  passTime: (input: Input<'passTime'>) => void;
  /** Op 7 to every client. */
  reconnectGateway: () => void;
  /** Op 9 to every client, not resumable. */
  invalidateSessions: () => void;
}
interface DiscordState {
  botId: string;
  people: DiscordPerson[];
  guilds: Guild[];
  channels: Channel[];
  commands: Record<string, Command[]>;
  gateway: { connected: number; identifies: number };
}
