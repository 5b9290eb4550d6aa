import { randomBytes } from 'node:crypto';

import type { AppDoor } from './app-door.js';
import type { Block } from './blocks-validation.js';
import type { StoredFile } from './files.js';
import type { Interaction, Trigger } from './interactions.js';
import type { Installation } from './installations.js';
import type { AppManifest } from './manifest.js';
import type { Grant, OauthApp } from './oauth.js';
import { APP, createChannels, directMessageId, type Channel } from './people.js';
import { SlackError } from './slack-error.js';
import type { OpenView } from './views.js';

export interface Message {
  ts: string;
  channelId: string;
  /** The author: a person, or the app's bot user. */
  userId: string;
  text: string;
  blocks: Block[];
  fileIds: string[];
  threadTs: string | null;
  /** Set on a message that only this person sees. */
  onlyFor: string | null;
}

export interface SlackFaults {
  /** So many of the next Web API calls answer 429. */
  rateLimitNext: number;
  /** Every Web API call answers 503. */
  webApiDown: boolean;
  filesHost: 'ok' | 'sign-in-page' | 'redirect' | 'redirect-elsewhere' | 'truncate' | 'gone';
  /** Every event is delivered once more after its acknowledgement, under the same event_id. */
  duplicateEvents: boolean;
}

export interface Enterprise {
  id: string;
  name: string;
}

/** Everything that the double remembers. Only files are also on disk; the rest ends with the process. */
export interface SlackWorld {
  url: string;
  /** Of Socket Mode; null in an app that has none. */
  appToken: string | null;
  oauth: OauthApp | null;
  /** The organisation that all workspaces belong to; null outside Enterprise Grid. */
  enterprise: Enterprise | null;
  dataDir: string;
  now: () => number;
  retryDelaysMs: number[];
  closing: AbortController;
  door: AppDoor;
  manifest: AppManifest;
  faults: SlackFaults;
  /** Ended ones too, since their tokens are known to be revoked. */
  installations: Installation[];
  /** What somebody allowed, by the code that stands for it. */
  grants: Map<string, Grant>;
  channels: Channel[];
  messages: Message[];
  files: Map<string, StoredFile>;
  interactions: Map<string, Interaction>;
  triggers: Map<string, Trigger>;
  /** Each person's open modals, the root first. */
  modals: Map<string, OpenView[]>;
  homes: Map<string, OpenView>;
  events: { eventId: string; teamId: string; type: string; attempts: number; acknowledged: boolean }[];
  /** The authorization headers that reached the foreign host of `redirect-elsewhere`. */
  authorizationSeenElsewhere: (string | null)[];
}

type WorldSettings = Pick<
  SlackWorld,
  'appToken' | 'oauth' | 'enterprise' | 'dataDir' | 'now' | 'retryDelaysMs' | 'door' | 'manifest' | 'files'
>;

/** The starting world: the people and channels of people.ts, nothing installed, no message, no fault. */
export function createWorld(settings: WorldSettings): SlackWorld {
  return {
    ...settings,
    url: '',
    closing: new AbortController(),
    faults: { rateLimitNext: 0, webApiDown: false, filesHost: 'ok', duplicateEvents: false },
    installations: [],
    grants: new Map(),
    channels: createChannels(),
    messages: [],
    interactions: new Map(),
    triggers: new Map(),
    modals: new Map(),
    homes: new Map(),
    events: [],
    authorizationSeenElsewhere: [],
  };
}

/** An id as Slack makes them: a letter that says the kind, then capitals and digits. */
export function newId(kind: string): string {
  return kind + randomBytes(5).toString('hex').toUpperCase();
}

/** Adds a message; `ts` is unique and later than every earlier one. */
export function addMessage(
  world: SlackWorld,
  message: Partial<Message> & Pick<Message, 'channelId' | 'userId'>,
): Message {
  const last = Number(world.messages.at(-1)?.ts ?? 0);
  const ts = Math.max(last + 0.000001, world.now() / 1000).toFixed(6);
  const added = { text: '', blocks: [], fileIds: [], threadTs: null, onlyFor: null, ...message, ts };
  world.messages.push(added);
  return added;
}

/** The channel that the app may post in. A user id means the direct messages with that person. */
export function channelForApp(world: SlackWorld, { teamIds }: Installation, reference: unknown): Channel {
  const id = String(reference);
  const named = world.channels.find((each) => each.id === id || each.id === directMessageId(id));
  const channel = named && teamIds.includes(named.teamId) ? named : undefined;
  if (channel?.memberIds.includes(APP.botUserId)) return channel;
  throw new SlackError(channel?.kind === 'public' ? 'not_in_channel' : 'channel_not_found');
}

/** The channel that a person acts in. @throws Error when that person is not in it */
export function channelForPerson(world: SlackWorld, userId: string, channelId: string): Channel {
  const channel = world.channels.find((each) => each.id === channelId && each.memberIds.includes(userId));
  if (!channel) throw new Error(`${userId} is in no channel ${channelId}`);
  return channel;
}
