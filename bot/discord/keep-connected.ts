import { setTimeout as delay } from 'node:timers/promises';
import { DiscordjsError, DiscordjsErrorCodes } from 'discord.js';
import type { Logger } from '../../core/ports.js';
import type { Gateway } from './open-gateway.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

/** A refused token needs a person, and Discord blocks addresses that try on and on. */
const REFUSED_WAIT_MS = 10 * 60_000;

/** A silent Discord does not hold up the start of the process longer than this. */
const MAX_FIRST_TRY_MS = 10_000;

export interface Connection {
  /** After the first try, whether it went well or not. */
  firstTry: Promise<void>;
  /** Ends the connection; nothing is received afterwards. */
  stop(): Promise<void>;
}

/** Keeps a gateway connection for as long as the process lives: a new one, after a while, where one is refused. */
export function keepConnected(open: () => Gateway, log: Logger): Connection {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  let failures = 0;

  /** @returns how long to wait for the next, in milliseconds */
  const connectOnce = async (whenTried: () => void): Promise<number> => {
    const gateway = open();
    try {
      await Promise.race([gateway.connect(), stopped]);
      failures = 0;
      whenTried();
      await Promise.race([gateway.closed, stopped]);
      if (!signal.aborted) log.error({}, 'Discord has closed the connection for good');
      return REFUSED_WAIT_MS;
    } catch (error) {
      failures += 1;
      if (isRefusal(error)) {
        log.error({}, 'Discord refuses the token: check DISCORD_TOKEN');
        return REFUSED_WAIT_MS;
      }
      log.warn({ err: error }, 'no connection to Discord');
      return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    } finally {
      whenTried();
      await gateway.end();
    }
  };

  let ended = Promise.resolve();
  const firstTry = new Promise<void>((whenTried) => {
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        const waitMs = await connectOnce(whenTried);
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
    };
    ended = run();
  });
  return {
    firstTry: Promise.race([firstTry, delay(MAX_FIRST_TRY_MS, undefined, { ref: false })]),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid;
}
