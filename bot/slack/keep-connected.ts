import { setTimeout as delay } from 'node:timers/promises';
import type { SocketModeReceiver } from '@slack/bolt';
import { WebAPIPlatformError } from '@slack/web-api';
import type { Logger } from '../../core/ports.js';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** A server that takes a connection and then says nothing is given up. */
const CONNECT_MS = 15_000;

/** A connection that lasted so long was a good one: the next is opened without waiting. */
const LASTED_MS = 10_000;

export interface Connection {
  /** After the first try, whether it went well or not. */
  firstTry: Promise<void>;
  /** Ends the connection; nothing is received afterwards. */
  stop(): Promise<void>;
}

/**
 * Keeps a Socket Mode connection open for as long as the process lives. The client's own reconnecting is off: it
 * leaves five seconds without a connection, gives up where Slack does not answer, and then rejects unheard.
 */
export function keepConnected(client: SocketModeReceiver['client'], log: Logger): Connection {
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const firstTry = createSignal();

  const connectOnce = async (): Promise<number> => {
    const lost = createSignal();
    client.once('disconnected', lost.resolve);
    const limit = setTimeout(() => void client.disconnect(), CONNECT_MS);
    try {
      await client.start();
      clearTimeout(limit);
      const since = Date.now();
      log.info({}, 'connected to Slack');
      firstTry.resolve();
      if (isStopping()) void client.disconnect();
      await lost.promise;
      return Date.now() - since;
    } finally {
      clearTimeout(limit);
      client.off('disconnected', lost.resolve);
    }
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!isStopping()) {
      try {
        const lastedMs = await connectOnce();
        failures = lastedMs > LASTED_MS ? 0 : failures + 1;
      } catch (error) {
        failures += 1;
        // A refused token needs a person; anything else is Slack or the network.
        log[error instanceof WebAPIPlatformError ? 'error' : 'warn'](
          { err: error },
          'no connection to Slack',
        );
      }
      firstTry.resolve();
      const waitMs = failures === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  const ended = run();
  return {
    firstTry: firstTry.promise,
    async stop() {
      stopping.abort();
      void client.disconnect();
      await ended;
    },
  };
}

function createSignal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
