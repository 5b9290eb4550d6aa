import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';

import { loadCommands } from './commands-file.js';
import type { MessageObject } from './objects.js';
import type { Component, Embed } from './validate-message.js';
import type { Command } from './validate-command.js';

const DISCORD_EPOCH_MS = 1_420_070_400_000;
const DEFAULT_SIZE_LIMIT_BYTES = 10 * 1024 * 1024;
const NITRO_SIZE_LIMIT_BYTES = 500 * 1024 * 1024;

/** A person of the local Discord; `sizeLimitBytes` is what their client lets them upload (10 MiB, more with Nitro). */
export interface DiscordPerson {
  id: string;
  username: string;
  globalName: string;
  locale?: string;
  sizeLimitBytes?: number;
  /** Has every permission in every guild; others have all but Manage Server and Administrator. */
  managesGuilds?: boolean;
}
export interface Guild {
  id: string;
  name: string;
  /** false: the app reaches this guild only where a person has installed it for themselves. */
  hasApp: boolean;
}
export interface Channel {
  id: string;
  name: string | null;
  guildId: string | null;
  /** The person at the other end of a direct message. */
  recipientId: string | null;
}
export interface StoredFile {
  id: string;
  ownerId: string;
  channelId: string;
  name: string;
  contentType: string | null;
  sizeBytes: number;
  path: string;
}
export interface StoredMessage {
  id: string;
  channelId: string;
  authorId: string;
  content: string;
  embeds: Embed[];
  components: Component[];
  fileIds: string[];
  flags: number;
  editedAtMs: number | null;
  /** The only person who sees the message, when it is ephemeral. */
  onlyFor: string | null;
  /** The interaction that the message answers. */
  interaction: { id: string; type: number; userId: string } | null;
  isDeleted: boolean;
  /** The message as it was after each change, as sent to clients. */
  history: MessageObject[];
}
export interface DiscordFaults {
  /** So many next API requests are answered 429. */
  rateLimitNext: number;
  /** Refuses and drops gateway connections. */
  gatewayDown: boolean;
  /** The API answers 503. */
  restDown: boolean;
  /** People who take no direct messages from the bot. */
  dmClosed: string[];
  /** Every attachment URL counts as expired. */
  expireAttachments: boolean;
}
export interface World {
  readonly applicationId: string;
  readonly token: string;
  readonly attachmentLifeMs: number;
  readonly urlSecret: Buffer;
  /** Where the API, the CDN and the gateway are; known once the server listens. */
  baseUrl: string;
  /** `dispatch` goes to every gateway session that has the intent; 0 is for all. */
  readonly events: EventEmitter<{ dispatch: [name: string, data: object, intent: number]; gatewayDown: [] }>;
  readonly faults: DiscordFaults;
  readonly people: Map<string, DiscordPerson>;
  readonly guilds: Map<string, Guild>;
  readonly channels: Map<string, Channel>;
  readonly messages: Map<string, StoredMessage>;
  readonly files: Map<string, StoredFile>;
  /** Registered commands by scope: 'global' or a guild's id. */
  readonly commands: Map<string, Command[]>;
  /** Where they outlive a restart; null for nowhere. */
  readonly commandsFile: string | null;
  now(): number;
  /** Lets time pass at once, so that a token or a URL expires without waiting. */
  passTime(ms: number): void;
  /** @see https://docs.discord.com/developers/reference#snowflakes */
  snowflake(): string;
}

/** Everything the local Discord knows: one guild with the app, one without, people, their direct messages. */
export function createWorld(options: {
  applicationId: string;
  token: string;
  attachmentLifeMs: number;
  commandsFile: string | null;
  people?: DiscordPerson[];
}): World {
  const events: World['events'] = new EventEmitter();
  const people = options.people ?? defaultPeople;
  let passedMs = 0;
  let increment = 0;
  let isGatewayDown = false;
  const now = () => Date.now() + passedMs;
  const faults: DiscordFaults = {
    rateLimitNext: 0,
    restDown: false,
    dmClosed: [],
    expireAttachments: false,
    get gatewayDown() {
      return isGatewayDown;
    },
    set gatewayDown(isDown) {
      isGatewayDown = isDown;
      if (isDown) events.emit('gatewayDown');
    },
  };
  const channels = [...defaultChannels, ...people.map(directMessageChannel)];
  return {
    ...options,
    baseUrl: '',
    urlSecret: randomBytes(16),
    events,
    faults,
    people: new Map(people.map((person) => [person.id, person])),
    guilds: new Map(defaultGuilds.map((guild) => [guild.id, guild])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    messages: new Map(),
    files: new Map(),
    commands: loadCommands(options.commandsFile),
    now,
    passTime: (ms: number) => void (passedMs += ms),
    snowflake: () => String((BigInt(now() - DISCORD_EPOCH_MS) << 22n) | BigInt(increment++ & 0xfff)),
  };
}

/** When a snowflake was made, in milliseconds since 1970. */
export function snowflakeTimeMs(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}

/** The largest file that the person's client uploads, in bytes. */
export function sizeLimitBytes(world: World, userId: string): number {
  return world.people.get(userId)?.sizeLimitBytes ?? DEFAULT_SIZE_LIMIT_BYTES;
}

/** The direct-message channel of the bot with that person, if there is such a person. */
export function findDirectMessageChannel(world: World, userId: string): Channel | undefined {
  return [...world.channels.values()].find((channel) => channel.recipientId === userId);
}

function directMessageChannel(person: DiscordPerson, index: number): Channel {
  return {
    id: String(400000000000000001n + BigInt(index)),
    name: null,
    guildId: null,
    recipientId: person.id,
  };
}

const defaultPeople: DiscordPerson[] = [
  {
    ...{ id: '100100000000000001', username: 'ada', globalName: 'Ada', managesGuilds: true },
    sizeLimitBytes: NITRO_SIZE_LIMIT_BYTES,
  },
  { id: '100200000000000002', username: 'grace', globalName: 'Grace' },
  { id: '100300000000000003', username: 'alan', globalName: 'Alan', locale: 'en-GB' },
];
const defaultGuilds: Guild[] = [
  { id: '200000000000000001', name: 'Acme', hasApp: true },
  { id: '200000000000000002', name: 'Elsewhere', hasApp: false },
];
const defaultChannels: Channel[] = [
  { id: '300000000000000001', name: 'general', guildId: '200000000000000001', recipientId: null },
  { id: '300000000000000002', name: 'files', guildId: '200000000000000001', recipientId: null },
  { id: '300000000000000003', name: 'lounge', guildId: '200000000000000002', recipientId: null },
];
