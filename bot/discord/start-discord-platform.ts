import { setTimeout as delay } from 'node:timers/promises';
import type { Interaction } from 'discord.js';
import type { Platforms } from '../../core/config.js';
import type { BotDeps, ChatPlatform } from '../chat.js';
import { createRest } from './create-rest.js';
import { createDiscordAnswers } from './discord-answers.js';
import { keepConnected } from './keep-connected.js';
import { onInteraction } from './on-interaction.js';
import { openGateway } from './open-gateway.js';

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
  const listen = (interaction: Interaction): void => {
    const run = onInteraction(deps, answers, interaction).finally(() => underWay.delete(run));
    underWay.add(run);
  };
  const connection = keepConnected(() => openGateway(discord, deps.log, listen), deps.log);
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
