import {
  Client,
  Events,
  GatewayDispatchEvents,
  GatewayIntentBits,
  SimpleShardingStrategy,
  type GatewayDispatchPayload,
  type Interaction,
} from 'discord.js';
import type { Platforms } from '../../core/platforms.js';
import type { Logger } from '../../core/ports.js';
import { restOptions } from './create-rest.js';
import { introduce, sessionOf, type ConnectionManager, type GatewaySession } from './gateway-session.js';

/** Any code but 1000 and 1001: with those Discord forgets the session, and what happens until it is resumed. */
const RESUMABLE = 4200;

export interface Gateway {
  /** Resolves once connected. @throws what the library says, where Discord refuses or is away */
  connect(): Promise<void>;
  /** Resolves when Discord has closed the connection for good; other losses are mended by the library. */
  closed: Promise<void>;
  /** Where another connection goes on, up to the last event that the listeners got; null before there is any. */
  session(): GatewaySession | null;
  /** Ends the connection, and every attempt at one. The session stays, so that it can be resumed. */
  end(): Promise<void>;
}

/** What somebody does: with a command, button or form, or by a message to us. */
export interface GatewayListeners {
  onInteraction(interaction: Interaction): void;
  onMessage(botId: string, message: unknown): void;
  /** An interaction that the library falls over. */
  onUnreadable(interaction: unknown): void;
}

/**
 * One gateway connection that hears interactions, and messages that mention us or are written to us: Discord gives
 * their content without its privileged intent. A session that is given is resumed: what happened since its last
 * event is heard first. An acknowledgement is sent once, never again by itself: a repeat would be refused as if
 * another process had answered.
 */
export function openGateway(
  { token, apiUrl }: NonNullable<Platforms['discord']>,
  log: Logger,
  listeners: GatewayListeners,
  resumed: GatewaySession | null = null,
): Gateway {
  let isEnded = false;
  let session = resumed;
  let manager: ConnectionManager | undefined;
  const client = new Client({
    intents: [GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages],
    rest: { ...restOptions(apiUrl), retries: 0 },
    ws: {
      // The library goes on reconnecting where it is destroyed between two attempts; each begins by asking for
      // the session, and the end is that it gets no answer.
      buildStrategy: (built) => {
        manager = built;
        const { options } = built;
        if (resumed) introduce(built, resumed);
        const retrieve = options.retrieveSessionInfo.bind(options);
        const update = options.updateSessionInfo.bind(options);
        let given = resumed;
        options.retrieveSessionInfo = async (shardId) => {
          if (isEnded) return new Promise(() => {});
          if (given) await update(shardId, given);
          given = null;
          return retrieve(shardId);
        };
        return new SimpleShardingStrategy(built);
      },
    },
  });
  client.on(Events.InteractionCreate, (interaction) => {
    listeners.onInteraction(interaction);
  });
  // As it comes: the library passes on no message of a guild that it does not know, which takes one more intent.
  client.on(Events.Raw, ({ t, d, s: sequence }: GatewayDispatchPayload) => {
    if (t === GatewayDispatchEvents.Ready) session = sessionOf(d, sequence);
    else if (session) session = { ...session, sequence };
    if (t === GatewayDispatchEvents.MessageCreate && client.user) listeners.onMessage(client.user.id, d);
  });
  client.on(Events.Error, (error) => {
    log.warn({ err: error }, 'Discord client error');
  });
  skipUnreadable(client, log, listeners);
  sayWhetherConnected(client, log);
  return {
    async connect() {
      await client.login(token);
    },
    closed: new Promise((resolve) => {
      client.once(Events.ShardDisconnect, () => {
        resolve();
      });
    }),
    session: () => session,
    async end() {
      isEnded = true;
      // Nothing more is done or said: that the connection ends is no news.
      for (const event of [
        Events.InteractionCreate,
        Events.ShardReconnecting,
        Events.ShardDisconnect,
      ] as const) {
        client.removeAllListeners(event);
      }
      client.removeAllListeners(Events.Raw);
      await manager?.destroy({ code: RESUMABLE });
      await client.destroy();
    },
  };
}

/**
 * The library falls over a payload that is not as it expects, and the process would with it; so would whoever takes
 * over and hears it again.
 */
function skipUnreadable(client: Client, log: Logger, listeners: GatewayListeners): void {
  const socket = client.ws as unknown as {
    handlePacket: (packet?: GatewayDispatchPayload, shard?: unknown) => boolean;
  };
  const handle = socket.handlePacket.bind(socket);
  socket.handlePacket = (packet, shard) => {
    try {
      return handle(packet, shard);
    } catch {
      // The error may quote what was sent.
      log.warn({ event: packet?.t }, 'event of Discord not understood');
      if (packet?.t === GatewayDispatchEvents.InteractionCreate) listeners.onUnreadable(packet.d);
      return true;
    }
  };
}

/** A line for each change: during an outage the library tries twice a second. */
function sayWhetherConnected(client: Client, log: Logger): void {
  let isConnected = false;
  const say = (isConnectedNow: boolean) => () => {
    if (isConnected === isConnectedNow) return;
    isConnected = isConnectedNow;
    if (isConnected) log.info({}, 'connected to Discord');
    else log.warn({}, 'connection to Discord lost');
  };
  client.on(Events.ShardReady, say(true));
  client.on(Events.ShardResume, say(true));
  client.on(Events.ShardReconnecting, say(false));
  client.on(Events.ShardDisconnect, say(false));
}
