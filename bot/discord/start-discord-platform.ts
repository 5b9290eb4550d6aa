import { setTimeout as delay } from 'node:timers/promises';
import type { Platforms } from '../../core/config.js';
import type { BotDeps, ChatPlatform } from '../chat.js';
import { createRest } from './create-rest.js';
import { createDiscordAnswers } from './discord-answers.js';
import { keepConnected } from './keep-connected.js';
import { onInteraction } from './on-interaction.js';
import { onMessage } from './on-message.js';
import { openGateway, type GatewayListeners } from './open-gateway.js';

/** So long a stop waits for what people have just asked for. */
const DRAIN_MS = 5_000;

/**
 * Joins Discord by its gateway. Resolves after the first try to connect, ten seconds at most; while Discord is
 * away the process goes on and tries again.
 */
export async function startDiscordPlatform(
  deps: BotDeps,
  discord: NonNullable<Platforms['discord']>,
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
  };
  const connection = keepConnected(() => openGateway(discord, deps.log, listeners), deps.log);
  await connection.firstTry;
  return {
    platform: 'DISCORD',
    edit: answers.edit,
    message: answers.message,
    async stop() {
      await connection.stop();
      await Promise.race([Promise.allSettled(underWay), delay(DRAIN_MS, undefined, { ref: false })]);
    },
  };
}
