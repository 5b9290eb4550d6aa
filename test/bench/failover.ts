import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { startPostgres } from '../../local/postgres/start-postgres.js';
import { applyMigrations } from '../../prisma/migrate.js';
import { getBuilt } from '../support/get-built.js';
import { startBot, type BotProcess } from '../support/start-bot.js';
import { makeDataDir } from '../support/start-stack.js';
import { median, printFigure, printHeading } from './parts/report.js';

const ROUNDS = 5;
const EVERY_MS = 50;
const PATIENCE_MS = 30_000;

/** More than a leader's beat, which tells its standby where it is. */
const SETTLE_MS = 1_500;

const ADA = '100100000000000001';
const CHANNEL = '300000000000000001';
const TOKEN = 'local-token';
const APPLICATION_ID = '900000000000000001';

const botPath = await getBuilt('bot.js');
const dataDir = await makeDataDir();
const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port: 0, database: 'passalong' });
const discord = await startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID });
const bots: BotProcess[] = [];
try {
  const { connectionString } = postgres;
  await applyMigrations({ connectionString, migrationsDir: 'prisma/migrations' });
  const apiUrl = `${discord.url}/api`;
  await registerCommands({ token: TOKEN, applicationId: APPLICATION_ID, apiUrl, fileHosts: [] });
  const start = async (): Promise<BotProcess> => {
    const bot = await startBot(botPath, {
      DATABASE_URL: connectionString,
      PORTAL_URL: 'http://127.0.0.1:3000',
      LINK_SECRET: 'a secret for a bench, long enough to be one',
      DISCORD_TOKEN: TOKEN,
      DISCORD_APPLICATION_ID: APPLICATION_ID,
      DISCORD_API_URL: apiUrl,
    });
    bots.push(bot);
    return bot;
  };

  printHeading('failover: from kill -9 of the bot that leads Discord to the first command that is answered', [
    `${ROUNDS} rounds; a warm standby on the same database; a /passalong help every ${EVERY_MS} ms, from the kill on`,
    'answered: the person sees the help. The process dies and its machine lives: the network says so at once',
  ]);
  let leader = await start();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const standby = await start();
    await wait(SETTLE_MS);
    const killedAt = performance.now();
    leader.child.kill('SIGKILL');
    await untilAnswered(discord);
    times.push(performance.now() - killedAt);
    leader = standby;
  }
  printFigure('kill -9 to the first answered command, median', median(times), 'ms', { atMost: 10_000 });
  printFigure('worst', Math.max(...times), 'ms', { atMost: 10_000 });
  console.log(`  all: ${times.map((time) => time.toFixed(0)).join(', ')} ms`);
} finally {
  await Promise.all(bots.map((bot) => bot.end('SIGKILL')));
  await discord.close();
  await postgres.close();
  await rm(dataDir, { recursive: true, force: true });
}

/** Asks again and again, as people do: a command that nobody hears has failed after three seconds. */
async function untilAnswered({ control }: LocalDiscord): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  const ids: string[] = [];
  const command = { userId: ADA, channelId: CHANNEL, command: 'passalong', subcommand: 'help' };
  while (performance.now() < deadline) {
    if (ids.some((id) => control.interaction(id).message?.content.includes('/share'))) return;
    ids.push(control.invokeCommand(command).interactionId);
    await wait(EVERY_MS);
  }
  throw new Error('nobody answers');
}
