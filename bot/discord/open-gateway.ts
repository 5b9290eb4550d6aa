import { Client, Events, SimpleShardingStrategy, type Interaction } from 'discord.js';
import type { Platforms } from '../../core/config.js';
import type { Logger } from '../../core/ports.js';
import { restOptions } from './create-rest.js';

export interface Gateway {
  /** Resolves once connected. @throws what the library says, where Discord refuses or is away */
  connect(): Promise<void>;
  /** Resolves when Discord has closed the connection for good; other losses are mended by the library. */
  closed: Promise<void>;
  /** Ends the connection, and every attempt at one. */
  end(): Promise<void>;
}

/**
 * One gateway connection that hears interactions, which needs no intents. An acknowledgement is sent once, never
 * again by itself: a repeat would be refused as if another process had answered.
 */
export function openGateway(
  { token, apiUrl }: NonNullable<Platforms['discord']>,
  log: Logger,
  onInteraction: (interaction: Interaction) => void,
): Gateway {
  let isEnded = false;
  const client = new Client({
    intents: [],
    rest: { ...restOptions(apiUrl), retries: 0 },
    ws: {
      // The library goes on reconnecting where it is destroyed between two attempts; each begins by asking for
      // the session, and the end is that it gets no answer.
      buildStrategy: (manager) => {
        const { options } = manager;
        const retrieve = options.retrieveSessionInfo.bind(options);
        options.retrieveSessionInfo = (shardId) => (isEnded ? new Promise(() => {}) : retrieve(shardId));
        return new SimpleShardingStrategy(manager);
      },
    },
  });
  client.on(Events.InteractionCreate, onInteraction);
  client.on(Events.Error, (error) => {
    log.warn({ err: error }, 'Discord client error');
  });
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
      await client.destroy();
    },
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
