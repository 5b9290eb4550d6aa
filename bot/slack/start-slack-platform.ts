import { setTimeout as delay } from 'node:timers/promises';
import { SocketModeReceiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { Platforms } from '../../core/config.js';
import type { ChatPlatform } from '../chat.js';
import { createSlackApp } from './create-slack-app.js';
import { keepConnected } from './keep-connected.js';
import { createSlackAnswers } from './slack-answers.js';
import type { SlackDeps } from './slack-tools.js';
import { silentLogger } from './silent-logger.js';

/** A trigger lives three seconds: a later answer of the Web API helps nobody. */
const TIMEOUT_MS = 2_500;

/** So long a stop waits for what people have just asked for. */
const DRAIN_MS = 5_000;

/**
 * Joins Slack in Socket Mode. Resolves after the first try to connect; while Slack is away the process goes on
 * and tries again.
 */
export async function startSlackPlatform(
  deps: SlackDeps,
  slack: NonNullable<Platforms['slack']>,
): Promise<ChatPlatform> {
  const clientOptions: WebClientOptions = {
    slackApiUrl: slack.apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silentLogger,
  };
  const client = new WebClient(slack.botToken, clientOptions);
  const answers = createSlackAnswers(client, slack.apiUrl);
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    // The only way for these options to reach the client of `apps.connections.open`.
    installerOptions: { clientOptions: { ...clientOptions } },
    autoReconnectEnabled: false,
    logger: silentLogger,
    processEventErrorHandler: ({ error }) => {
      deps.log.warn({ err: error }, 'not acknowledged to Slack');
      return Promise.resolve(false);
    },
  });
  const app = createSlackApp(
    { deps, client, answers },
    { botToken: slack.botToken, clientOptions },
    receiver,
  );
  const underWay = new Set<Promise<void>>();
  app.use(async ({ next }) => {
    const run = next();
    underWay.add(run);
    await run.finally(() => underWay.delete(run));
  });
  const connection = keepConnected(receiver.client, deps.log);
  await connection.firstTry;
  return {
    platform: 'SLACK',
    edit: answers.edit,
    message: answers.message,
    async stop() {
      await connection.stop();
      await Promise.race([Promise.allSettled(underWay), delay(DRAIN_MS, undefined, { ref: false })]);
    },
  };
}
