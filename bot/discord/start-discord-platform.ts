import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Platforms } from '../../core/platforms.js';
import type { BotDeps, ChatPlatform } from '../chat.js';
import { holdLeadership, type Reign } from '../hold-leadership.js';
import { createRest } from './create-rest.js';
import { createDiscordAnswers } from './discord-answers.js';
import { readSession, writeSession } from './gateway-session.js';
import { keepConnected } from './keep-connected.js';
import { onInteraction, refuseUnreadable } from './on-interaction.js';
import { onMessage } from './on-message.js';
import { openGateway, type Gateway, type GatewayListeners } from './open-gateway.js';

/** So long a stop waits for what people have just asked for. */
const DRAIN_MS = 5_000;

/** The first number of the advisory lock; the second is a hash of the application's id. */
export const GATEWAY_LOCK = 0x64697363;

/**
 * Joins Discord: answers by REST at once, and hears by its gateway for as long as this process is the one that leads
 * (`connect` gives a client for the lock). Resolves when it stands by, or after the first try to connect, ten seconds
 * at most; while Discord is away the process goes on and tries again.
 */
export async function startDiscordPlatform(
  deps: BotDeps,
  discord: NonNullable<Platforms['discord']>,
  connect: () => Promise<Client>,
): Promise<ChatPlatform> {
  const answers = createDiscordAnswers(createRest(discord));
  const underWay = new Set<Promise<void>>();
  const follow = (work: Promise<void>): void => {
    const run = work.finally(() => underWay.delete(run));
    underWay.add(run);
  };
  const listeners: GatewayListeners = {
    onInteraction: (interaction) => {
      follow(onInteraction(deps, answers, interaction));
    },
    onMessage: (botId, message) => {
      follow(onMessage(deps, answers, botId, message));
    },
    onUnreadable: (interaction) => {
      follow(refuseUnreadable(deps, answers, interaction));
    },
  };
  const lead = (baton: string | null): Reign => {
    let resumed = readSession(baton);
    let gateway: Gateway | undefined;
    const open = (): Gateway => {
      gateway = openGateway(discord, deps.log, listeners, resumed);
      resumed = null;
      return gateway;
    };
    const connection = keepConnected(open, deps.log);
    return {
      begun: connection.firstTry,
      baton: () => writeSession(gateway?.session() ?? null),
      end: () => connection.stop(),
    };
  };
  const office = { lock: GATEWAY_LOCK, name: `discord_gateway_${discord.applicationId}`, subject: 'Discord' };
  const leadership = holdLeadership(office, deps.log, connect, lead);
  await leadership.firstTry;
  return {
    platform: 'DISCORD',
    edit: answers.edit,
    message: answers.message,
    status: leadership.status,
    async stop() {
      // What comes from now on waits for the next leader, who has three seconds, while this one finishes.
      await leadership.stop();
      await Promise.race([Promise.allSettled(underWay), delay(DRAIN_MS, undefined, { ref: false })]);
    },
  };
}
