import { SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import * as z from 'zod';
import type { Logger } from '../../core/ports.js';
import { parseJson } from './form-reply.js';
import { keepConnected, type Connection } from './keep-connected.js';
import { silentLogger } from './silent-logger.js';
import type { SlackDoor } from './start-slack-platform.js';

/** One workspace by Socket Mode: the bot opens the connection, and needs no public URL. */
export function createSocketDoor(appToken: string, clientOptions: WebClientOptions, log: Logger): SlackDoor {
  const receiver = new SocketModeReceiver({
    appToken,
    // The only way for these options to reach the client of `apps.connections.open`.
    installerOptions: { clientOptions: { ...clientOptions } },
    autoReconnectEnabled: false,
    logger: silentLogger,
    processEventErrorHandler: ({ error }) => {
      log.warn({ err: error }, 'not acknowledged to Slack');
      return Promise.resolve(false);
    },
  });
  surviveUnreadable(receiver.client, log);
  let connection: Connection | null = null;
  return {
    receiver,
    async open() {
      connection = keepConnected(receiver.client, log);
      await connection.firstTry;
    },
    close: async () => connection?.stop(),
  };
}

const envelope = z.object({ envelope_id: z.string() });

/**
 * Over an event without a type the client rejects, which nobody hears and which ends the process. What it cannot read
 * is acknowledged all the same: Slack would send it again, to the next process too.
 */
function surviveUnreadable(client: SocketModeReceiver['client'], log: Logger): void {
  const [read] = client.listeners('ws_message') as ((...frame: [string, boolean]) => Promise<void>)[];
  client.removeAllListeners('ws_message');
  client.on('ws_message', (...frame: [string, boolean]) => {
    read?.(...frame).catch(() => {
      // The error may quote what was sent.
      log.warn({}, 'payload of Slack not understood');
      const { data } = envelope.safeParse(parseJson(frame[0]));
      if (data) client.websocket?.send(JSON.stringify(data), () => undefined);
    });
  });
}
