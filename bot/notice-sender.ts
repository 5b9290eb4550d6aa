import type { Client } from 'pg';
import { NOTICE_CHANNEL } from '../core/notices.js';
import type { BotDeps, ChatPlatform } from './chat.js';
import { sendNextNotice } from './send-notices.js';

/** Looks by itself this often, where no signal came through. */
const LOOK_EVERY_MS = 2_000;

/** So many messages may be on their way at once. */
const MAX_PARALLEL = 4;

/**
 * Sends owed chat messages as they come: on a Postgres signal at once, otherwise every two seconds.
 * `listen` gives a connected client that this owns. @returns how to end it, after the messages on their way
 */
export function startNoticeSender(
  deps: BotDeps,
  platforms: readonly ChatPlatform[],
  listen: () => Promise<Client>,
): { stop(): Promise<void> } {
  let isStopped = false;
  let client: Client | null = null;
  let connecting: Promise<void> | null = null;
  const running = new Set<Promise<void>>();

  const work = async (): Promise<void> => {
    while (!isStopped && (await sendNextNotice(deps, platforms)));
  };
  const look = (): void => {
    if (isStopped || running.size >= MAX_PARALLEL) return;
    const run = work()
      .catch((error: unknown) => {
        deps.log.warn({ err: error }, 'owed chat messages not looked up');
      })
      .finally(() => running.delete(run));
    running.add(run);
  };
  const connect = async (): Promise<void> => {
    const connected = await listen();
    client = connected;
    const forget = (): void => {
      if (client === connected) client = null;
    };
    connected.on('error', forget);
    connected.on('end', forget);
    connected.on('notification', look);
    // Nobody waits for a database that does not answer.
    if (isStopped) await connected.end();
    else await connected.query(`LISTEN ${NOTICE_CHANNEL}`);
  };
  const tick = (): void => {
    if (!client) {
      connecting ??= connect()
        .catch((error: unknown) => {
          deps.log.warn({ err: error }, 'not listening for owed chat messages');
        })
        .finally(() => (connecting = null));
    }
    look();
  };
  const timer = setInterval(tick, LOOK_EVERY_MS);
  tick();
  return {
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await Promise.all(running);
      await client?.end();
    },
  };
}
