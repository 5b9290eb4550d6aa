import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { snowflakeTimeMs } from '../../local/discord/world.js';
import { startPostgres } from '../../local/postgres/start-postgres.js';
import { startS3 } from '../../local/s3/start-s3.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { findFreePorts } from '../../local/start/ports.js';
import { applyMigrations } from '../../prisma/migrate.js';
import { getBuilt } from '../support/get-built.js';
import { startBot, type BotProcess } from '../support/start-bot.js';
import { hasRedis, startRedis } from '../support/start-redis.js';
import { makeDataDir } from '../support/start-stack.js';
import { median, printFigure, printHeading, quantile } from './parts/report.js';
import { startTroubledProxy } from './parts/troubled-proxy.js';

const COMMANDS = Number(process.argv[2] ?? 10_000);
const EVERY_MS = 20;
const SLOW_MS = 2_000;

/** An acknowledgement that comes later is refused by both platforms. */
const ACK_MS = 3_000;

/** Of one platform's commands, every tenth is of somebody who sends without being asked. */
const SENDS_EVERY = 10;

const SLACK = { asked: 'U0ADA00001', sends: 'U0GRACE001', team: 'T0ACME0001', channel: 'C0GENERAL1' };
const DISCORD = { asked: '100100000000000001', sends: '100200000000000002', channel: '300000000000000001' };
const SIGNING_SECRET = 'signing-secret-of-the-app';
const CLIENT = { id: '1.2', secret: 'client-secret' };
const TOKEN = 'local-token';
const APPLICATION_ID = '900000000000000001';
const STORAGE = { accessKeyId: 'local', secretAccessKey: 'local-secret-key' };
const BUCKET = 'passalong-bench';
const FILE = { name: 'plan.pdf', bytes: Buffer.alloc(1_024, 'x') };

/** What a command came to, in ms; null where it was not acknowledged. */
type Look = () => number | null;

if (!Number.isInteger(COMMANDS) || COMMANDS < 40) throw new Error('how many commands? at least 40');
if (!hasRedis()) throw new Error('the queue is a Redis here: apt-get install redis-server');
const [botPath, workerPath] = [await getBuilt('bot.js'), await getBuilt('worker.js')];
const dataDir = await makeDataDir();
const [botPort = 0] = await findFreePorts(1);
const botUrl = `http://127.0.0.1:${botPort}`;
const [postgres, redis, s3, discord, slack] = await Promise.all([
  startPostgres({ dataDir: join(dataDir, 'postgres'), port: 0, database: 'passalong' }),
  startRedis(),
  startS3({ port: 0, dataDir: join(dataDir, 's3'), buckets: [BUCKET], credentials: STORAGE }),
  startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID }),
  startSlack({
    ...{ port: 0, dataDir: join(dataDir, 'slack'), signingSecret: SIGNING_SECRET },
    requestUrl: `${botUrl}/slack/events`,
    oauth: {
      ...{ clientId: CLIENT.id, clientSecret: CLIENT.secret, tokenRotation: false },
      redirectUrls: [`${botUrl}/slack/oauth_redirect`],
    },
  }),
]);
const proxies = await Promise.all(
  [redis.url, s3.url].map((url) => startTroubledProxy(Number(new URL(url).port), SLOW_MS)),
);
const db = new pg.Pool({ connectionString: postgres.connectionString });
db.on('error', () => undefined);
const processes: BotProcess[] = [];
try {
  await applyMigrations({ connectionString: postgres.connectionString, migrationsDir: 'prisma/migrations' });
  const apiUrl = `${discord.url}/api`;
  await registerCommands({ token: TOKEN, applicationId: APPLICATION_ID, apiUrl, fileHosts: [] });
  const [queuePort, storagePort] = proxies.map(({ port }) => port);
  const env = {
    ...{ DATABASE_URL: postgres.connectionString, REDIS_URL: `redis://127.0.0.1:${queuePort}` },
    ...{ SLACK_CLIENT_ID: CLIENT.id, SLACK_CLIENT_SECRET: CLIENT.secret, SLACK_PUBLIC_URL: botUrl },
    ...{ SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_TOKEN_KEY: randomBytes(32).toString('base64') },
    ...{ SLACK_API_URL: `${slack.url}/api/`, SLACK_FILE_HOSTS: new URL(slack.url).host },
    ...{ DISCORD_TOKEN: TOKEN, DISCORD_APPLICATION_ID: APPLICATION_ID, DISCORD_API_URL: apiUrl },
    ...{ DISCORD_FILE_HOSTS: new URL(discord.url).host },
    ...{ MAX_SHARES_PER_HOUR: '1000000', MAX_RECIPIENTS_PER_DAY: '1000000' },
    ...{ MAX_RECIPIENTS_PER_DAY_WHEN_NEW: '1000000', MAX_LIVE_BYTES_PER_ACCOUNT: String(1024 ** 4) },
  };
  const bot = await startBot(botPath, {
    ...{ ...env, PORTAL_URL: 'http://127.0.0.1:3000', BOT_PORT: String(botPort) },
    LINK_SECRET: 'a secret for a bench, long enough to be one',
  });
  processes.push(bot);
  const worker = await startBot(workerPath, {
    ...{ ...env, S3_BUCKET: BUCKET, S3_ENDPOINT: `http://127.0.0.1:${storagePort}` },
    ...{ AWS_ACCESS_KEY_ID: STORAGE.accessKeyId, AWS_SECRET_ACCESS_KEY: STORAGE.secretAccessKey },
  });
  processes.push(worker);
  await install(slack);
  for (const userId of [SLACK.asked, SLACK.sends]) await link(db, 'SLACK', SLACK.team, userId);
  for (const userId of [DISCORD.asked, DISCORD.sends]) await link(db, 'DISCORD', '', userId);
  const sendOnSlack = await prepareSlack(slack, db);
  const sendOnDiscord = await prepareDiscord(discord);

  printHeading(`ack-rate: how soon ${COMMANDS} commands are acknowledged, ${1000 / EVERY_MS} a second`, [
    'alternately Slack (signed requests to dist/bot.js over HTTP) and Discord (gateway), /share with a file and an address;',
    `every ${SENDS_EVERY}th is a share that is sent, the others are answered with a card that asks; one bot, one worker`,
    `first half: Redis and S3 answer ${SLOW_MS / 1000} s late; second half: both refuse connections.`,
    'SES is down throughout: nothing listens, and of the processes here none asks it',
    `an acknowledgement after ${ACK_MS / 1000} s is refused, and counts as none; both platforms, S3 and the load run in one process`,
  ]);
  const looks: { slack: Look[]; discord: Look[] } = { slack: [], discord: [] };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  for (let n = 0; n < COMMANDS; n += 1) {
    const dueAt = startedAt + n * EVERY_MS;
    await wait(Math.max(0, dueAt - performance.now()));
    for (const proxy of proxies) proxy.trouble = n < COMMANDS / 2 ? 'slow' : 'down';
    const turn = Math.floor(n / 2);
    if (n % 2 === 0) looks.slack.push(sendOnSlack(turn));
    else looks.discord.push(sendOnDiscord(turn));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  delay.disable();
  await wait(ACK_MS + 500);
  report('Slack', looks.slack);
  report('Discord', looks.discord);
  // What this process is late with itself is in every figure above.
  printFigure('this process, which is both platforms, held up: p99', delay.percentile(99) / 1e6, 'ms');
  printFigure('the same, longest', delay.max / 1e6, 'ms');
  const { rows } = await db.query<{ shares: number; drafts: number }>(
    `SELECT (SELECT count(*)::int FROM share) AS shares, (SELECT count(*)::int FROM share_draft) AS drafts`,
  );
  const left = `${rows[0]?.shares} shares and ${rows[0]?.drafts} cards`;
  console.log(`  ${(COMMANDS / seconds).toFixed(1)} a second for ${seconds.toFixed(0)} s; they left ${left}`);
  for (const line of new Set(processes.flatMap(complaints))) console.log(`  ${line}`);
} finally {
  await Promise.all(processes.map((each) => each.end('SIGKILL')));
  await db.end();
  await Promise.all([...proxies, slack, discord, s3].map((each) => each.close()));
  await redis.close();
  await postgres.close();
  await rm(dataDir, { recursive: true, force: true });
}

function report(platform: string, looks: readonly Look[]): void {
  const seen = looks.map((look) => look());
  const times = seen.filter((ms) => ms !== null);
  const firstHalf = times.slice(0, times.length / 2);
  printFigure(`${platform}: p99 of ${looks.length}`, quantile(times, 0.99), 'ms', { atMost: 250 });
  printFigure(`${platform}: p99 while slow`, quantile(firstHalf, 0.99), 'ms');
  printFigure(`${platform}: p99 while down`, quantile(times.slice(times.length / 2), 0.99), 'ms');
  printFigure(`${platform}: median`, median(times), 'ms');
  printFigure(`${platform}: longest`, Math.max(...times), 'ms');
  printFigure(`${platform}: over 3 s`, times.filter((ms) => ms > ACK_MS).length, '', { atMost: 0 });
  printFigure(`${platform}: not acknowledged`, seen.length - times.length, '', { atMost: 0 });
}

/** Each kind of warning once, without what differs. */
function complaints(each: BotProcess): string[] {
  const lines = each.output().split('\n');
  return lines.flatMap((line) => {
    const { level, name, msg } = readLine(line);
    return level !== undefined && level >= 40 ? [`${name}: ${msg}`] : [];
  });
}

function readLine(line: string): { level?: number; name?: string; msg?: string } {
  return line.startsWith('{') ? (JSON.parse(line) as { level?: number; name?: string; msg?: string }) : {};
}

/** Somebody who has an account: of both, one is asked before anything is sent. */
async function link(pool: pg.Pool, platform: string, workspaceId: string, userId: string): Promise<void> {
  const isAsked = ([SLACK.asked, DISCORD.asked] as string[]).includes(userId);
  await pool.query(
    `WITH person AS (
       INSERT INTO account (id, first_name, last_name, email, email_key, password_hash, confirmed_at, confirms_shares)
       VALUES (gen_random_uuid(), 'Some', 'Colleague', $1, $1, 'none', now() - interval '1 month', $5) RETURNING id)
     INSERT INTO chat_identity (id, account_id, platform, workspace_id, user_id, user_name, workspace_name)
     SELECT gen_random_uuid(), id, $2::platform, $3, $4, 'colleague', 'x' FROM person`,
    [`${userId}@example.com`, platform, workspaceId, userId, isAsked],
  );
}

async function install({ control }: LocalSlack): Promise<void> {
  const begun = await fetch(`${botUrl}/slack/install`, { redirect: 'manual' });
  const [cookie = ''] = (begun.headers.get('set-cookie') ?? '').split(';');
  const url = control.authorize({ userId: SLACK.asked, url: begun.headers.get('location') ?? '' });
  const { status } = await fetch(url, { headers: { cookie } });
  if (status !== 200) throw new Error(`the app was not installed: ${status}`);
}

/** Both have posted a file that the bot has heard of. @returns what types the nth command */
async function prepareSlack({ control }: LocalSlack, pool: pg.Pool): Promise<(turn: number) => Look> {
  const channelId = SLACK.channel;
  for (const userId of [SLACK.asked, SLACK.sends]) {
    const about = { userId, channelId, name: FILE.name, mimetype: 'application/pdf', source: FILE.bytes };
    await control.uploadFile(about);
  }
  const count = 'SELECT count(*)::int AS seen FROM slack_file_seen';
  while (((await pool.query<{ seen: number }>(count)).rows[0]?.seen ?? 0) < 2) await wait(50);
  return (turn) => {
    const userId = turn % SENDS_EVERY === 0 ? SLACK.sends : SLACK.asked;
    const text = `slack${turn}@example.com`;
    const { id } = control.runCommand({ userId, channelId, command: '/share', text });
    return () => {
      const { ackAtMs, failed } = control.interaction(id);
      return failed === null ? ackAtMs : null;
    };
  };
}

/** @returns what uses the nth command; ids of Discord hold the time when they were made */
async function prepareDiscord({ control }: LocalDiscord): Promise<(turn: number) => Look> {
  const files = new Map<string, string>();
  const { channel: channelId } = DISCORD;
  for (const userId of [DISCORD.asked, DISCORD.sends]) {
    const { id } = await control.uploadFile({ userId, channelId, name: FILE.name, bytes: FILE.bytes });
    files.set(userId, id);
  }
  return (turn) => {
    const userId = turn % SENDS_EVERY === 0 ? DISCORD.sends : DISCORD.asked;
    const options = { file: files.get(userId) ?? '', emails: `discord${turn}@example.com` };
    const { interactionId } = control.invokeCommand({ userId, channelId, command: 'share', options });
    return () => {
      const { acknowledged, message } = control.interaction(interactionId);
      if (!acknowledged || !message) return null;
      return snowflakeTimeMs(message.id) - snowflakeTimeMs(interactionId);
    };
  };
}
