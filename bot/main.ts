import { createConnector, createDatabase, createPool } from '../adapters/database.js';
import { createJobQueue } from '../adapters/job-queue.js';
import { createLogger } from '../adapters/logger.js';
import { announceReady, stopOnSignal } from '../adapters/run-process.js';
import { createSlackFiles } from '../adapters/slack-files.js';
import { createSlackOAuth } from '../adapters/slack-oauth.js';
import { createSlackTokens } from '../core/identities/installations.js';
import { createQueuedMarks } from '../core/queued-marks.js';
import { timingsFor } from '../core/timings.js';
import { limitsFrom, linkSecretsFrom, readEnv } from '../core/config.js';
import { platformsFrom } from '../core/platforms.js';
import type { BotDeps, ChatPlatform } from './chat.js';
import { startDiscordPlatform } from './discord/start-discord-platform.js';
import { botEnvironment } from './env.js';
import { startNoticeSender } from './notice-sender.js';
import { startSlackPlatform } from './slack/start-slack-platform.js';

const env = readEnv(botEnvironment, process.env);
const log = createLogger('bot', env.LOG_LEVEL);
const pool = createPool(env.DATABASE_URL, log);
const connect = createConnector(env.DATABASE_URL);
const db = createDatabase(pool);
const queue = createJobQueue({ redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, log });
const deps: BotDeps = {
  db,
  queue,
  log,
  limits: limitsFrom(env),
  linkSecrets: linkSecretsFrom(env),
  portalUrl: env.PORTAL_URL,
  timings: timingsFor(env.LEASE_SECONDS),
  marks: createQueuedMarks(queue),
};

const { slack, discord } = platformsFrom(env);
const starting: Promise<ChatPlatform>[] = [];
const listening = { host: env.HOST, port: env.BOT_PORT, drainMs: env.DRAIN_SECONDS * 1000 };
if (slack) {
  const tokens = createSlackTokens(deps, slack.access, createSlackOAuth(slack));
  const slackDeps = { ...deps, slackFiles: createSlackFiles(slack, tokens) };
  starting.push(startSlackPlatform(slackDeps, slack, tokens, listening));
}
if (discord) starting.push(startDiscordPlatform(deps, discord, connect));
const platforms = await Promise.all(starting);
const notices = startNoticeSender(deps, platforms, connect);

stopOnSignal(log, async () => {
  await Promise.all(platforms.map((platform) => platform.stop()));
  await notices.stop();
  await queue.close();
  await db.$disconnect();
  await pool.end();
});
announceReady(
  platforms.map(({ platform, status }) => status?.() ?? platform.toLowerCase()).join(', ') ||
    'no platform is configured',
);
