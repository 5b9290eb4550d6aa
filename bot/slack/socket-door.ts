import { SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import type { Logger } from '../../core/ports.js';
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
