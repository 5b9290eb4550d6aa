import { setTimeout as delay } from 'node:timers/promises';
import type { Receiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { SlackSettings } from '../../core/platforms.js';
import { createSlackAdministrators } from '../../core/identities/installations.js';
import type { SlackTokens } from '../../core/ports.js';
import type { ChatPlatform } from '../chat.js';
import { createSlackApp } from './create-slack-app.js';
import { createHttpDoor } from './http-door.js';
import { silentLogger } from './silent-logger.js';
import { createSlackAnswers, type SlackClients } from './slack-answers.js';
import type { SlackDeps } from './slack-tools.js';
import { createSocketDoor } from './socket-door.js';

/** A trigger lives three seconds: a later answer of the Web API helps nobody. */
const TIMEOUT_MS = 2_500;

/** So long a stop waits for what people have just asked for. */
const DRAIN_MS = 5_000;

/** The way from Slack to us. */
export interface SlackDoor {
  receiver: Receiver;
  /** Resolves once requests may come; by Socket Mode after the first try to connect. */
  open(): Promise<void>;
  /** Nothing is received afterwards. */
  close(): Promise<void>;
}

/** Where requests of Slack come in over HTTP, and how long a balancer has to learn that no more are taken. */
export interface Listening {
  host: string;
  port: number;
  drainMs: number;
}

/** Joins Slack, in Socket Mode or over HTTP. While Slack is away the process goes on. */
export async function startSlackPlatform(
  deps: SlackDeps,
  { apiUrl, access }: SlackSettings,
  tokens: SlackTokens,
  listening: Listening,
): Promise<ChatPlatform> {
  const clientOptions: WebClientOptions = {
    slackApiUrl: apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silentLogger,
  };
  const clientFor: SlackClients = async (workspace) =>
    new WebClient(await tokens.get(workspace), clientOptions);
  const answers = createSlackAnswers(clientFor, apiUrl);
  const door =
    access.kind === 'socket'
      ? createSocketDoor(access.appToken, clientOptions, deps.log)
      : createHttpDoor(deps, access, { ...listening, clientOptions });
  const governs = createSlackAdministrators(deps, access);
  const app = createSlackApp({ deps, clientFor, answers, governs }, door.receiver);
  const underWay = new Set<Promise<void>>();
  app.use(async ({ next }) => {
    const run = next();
    underWay.add(run);
    await run.finally(() => underWay.delete(run));
  });
  await door.open();
  return {
    platform: 'SLACK',
    edit: answers.edit,
    message: answers.message,
    async stop() {
      await door.close();
      await Promise.race([Promise.allSettled(underWay), delay(DRAIN_MS, undefined, { ref: false })]);
    },
  };
}
