import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChatPlatform } from '../../bot/chat.js';
import { createConnector } from '../../adapters/database.js';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { GATEWAY_LOCK, startDiscordPlatform } from '../../bot/discord/start-discord-platform.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { linkSecrets } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { startBot, type BotProcess } from '../support/start-bot.js';
import { ADA, APPLICATION_ID, GENERAL, settingsFor, testDeps, TOKEN, type TestDeps } from './discord-rig.js';

/** Ten times what it takes: test/bench/failover.ts measures that. */
const PATIENCE_MS = 60_000;

/** More than a leader's beat, which tells a standby where it is. */
const BEAT_MS = 2_000;

let database: OpenTestDatabase;
let botPath: string;
let discord: LocalDiscord;
let platforms: ChatPlatform[] = [];

beforeAll(async () => {
  botPath = await getBuilt('bot.js');
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.release();
});

async function openDiscord(): Promise<void> {
  discord = await startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID });
  await registerCommands(settingsFor(discord));
}

/** One bot of this process. */
async function join(deps: TestDeps, settings = settingsFor(discord)): Promise<ChatPlatform> {
  const platform = await startDiscordPlatform(deps, settings, createConnector(database.connectionString));
  platforms.push(platform);
  return platform;
}

const gateway = () => discord.control.state().gateway;
const help = () =>
  discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, command: 'passalong', subcommand: 'help' })
    .interactionId;
const isAnswered = (id: string) =>
  discord.control.interaction(id).message?.content.includes('/share') === true;
const answered = (id: string) =>
  discord.control.waitFor(id, (it) => it.message?.content.includes('/share') === true);
/** "Thinking …" and the answer, once. */
const expectOneAnswer = (id: string) => {
  expect(discord.control.interaction(id)).toMatchObject({
    failed: false,
    followUps: [],
    history: { length: 2 },
  });
};
const statuses = () => platforms.map(({ status }) => status?.());
const messages = ({ log }: TestDeps) => log.lines.map(({ message }) => message);

/** Until a command is answered; one that nobody hears fails after 3 s, so a new one is sent often. */
async function untilAnswered(): Promise<void> {
  const startedAt = performance.now();
  const sent: string[] = [];
  while (!sent.some(isAnswered)) {
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error('nobody answers');
    sent.push(help());
    await wait(100);
  }
}

/** By the last that it said of it. */
const roleOf = (bot: BotProcess) =>
  [...bot.output().matchAll(/(leads|stands by for|does not lead) Discord/g)].at(-1)?.[1];

describe('bots of this process', () => {
  beforeEach(openDiscord);

  afterEach(async () => {
    await Promise.all(platforms.map((platform) => platform.stop()));
    platforms = [];
    await discord.close();
  });

  test('of two bots one holds the gateway, and each command is answered once', async () => {
    const all = [testDeps(database), testDeps(database)] as const;
    await Promise.all(all.map((deps) => join(deps)));
    expect(statuses().sort()).toEqual(['leads Discord', 'stands by for Discord']);
    expect(gateway()).toEqual({ connected: 1, identifies: 1 });
    const ids = Array.from({ length: 20 }, help);
    for (const id of ids) await answered(id);
    await wait(200);
    ids.forEach(expectOneAnswer);
    expect(all.flatMap(messages)).not.toContain('interaction is answered by another process');
  });

  test('a bot that stands by writes to people', async () => {
    await join(testDeps(database));
    const standby = await join(testDeps(database));
    expect(standby.status?.()).toBe('stands by for Discord');
    expect(
      await standby.message({ userId: ADA, teamId: '', workspaceId: '' }, { lines: ['news'], buttons: [] }),
    ).toBe(true);
    const { channelId } = discord.control.openDirectMessage({ userId: ADA });
    expect(discord.control.messages({ channelId })).toMatchObject([{ content: 'news' }]);
  });

  test('bots of two applications share a database and do not wait for each other', async () => {
    const applicationId = '900000000000000002';
    const another = await startDiscord({ port: 0, token: TOKEN, applicationId });
    await join(testDeps(database));
    await join(testDeps(database), { ...settingsFor(another), applicationId });
    expect(statuses()).toEqual(['leads Discord', 'leads Discord']);
    await platforms.pop()?.stop();
    await another.close();
  });

  test('a leader whose lock session is ended gives up the gateway, and one of the two leads again', async () => {
    const all = [testDeps(database), testDeps(database)] as const;
    for (const deps of all) await join(deps);
    expect(statuses()).toEqual(['leads Discord', 'stands by for Discord']);
    await wait(BEAT_MS);
    const { rowCount } = await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
       WHERE d.datname = current_database() AND locktype = 'advisory' AND classid = $1 AND granted`,
      [GATEWAY_LOCK],
    );
    expect(rowCount).toBe(1);
    await expect.poll(() => messages(all[0])).toContain('does not lead Discord: no database connection');
    await expect.poll(() => statuses().sort()).toEqual(['leads Discord', 'stands by for Discord']);
    await untilAnswered();
    expect(gateway()).toEqual({ connected: 1, identifies: 1 });
  });
});

describe('bots as they ship', () => {
  /** Those that run. One takes a second of processor to start, so that what a test leaves is the next one's. */
  let bots: BotProcess[] = [];

  beforeAll(openDiscord);

  afterAll(async () => {
    await Promise.all(bots.map((bot) => bot.end('SIGKILL')));
    await discord.close();
  });

  async function startProcess(): Promise<BotProcess> {
    return startBot(botPath, {
      DATABASE_URL: database.connectionString,
      PORTAL_URL: 'http://127.0.0.1:3000',
      LINK_SECRET: linkSecrets[0],
      DISCORD_TOKEN: TOKEN,
      DISCORD_APPLICATION_ID: APPLICATION_ID,
      DISCORD_API_URL: `${discord.url}/api`,
    });
  }

  /** Two processes: the one that leads, then the one that stands by and has heard where the first one is. */
  async function startPair(): Promise<[BotProcess, BotProcess]> {
    bots = bots.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    const missing = Array.from({ length: 2 - bots.length }, startProcess);
    bots.push(...(await Promise.all(missing)));
    const [leader, standby, ...others] = bots.toSorted((a, b) =>
      (roleOf(a) ?? '').localeCompare(roleOf(b) ?? ''),
    );
    if (!leader || !standby) throw new Error('there are no two');
    expect([leader, standby, ...others].map(roleOf)).toEqual(['leads', 'stands by for']);
    await wait(BEAT_MS);
    return [leader, standby];
  }

  test('a leader that is killed is followed, and the mention that came meanwhile is answered', async () => {
    const [leader] = await startPair();
    await leader.end('SIGKILL');
    const { channelId } = discord.control.openDirectMessage({ userId: ADA });
    discord.control.postMessage({ userId: ADA, channelId, content: 'help' });
    await untilAnswered();
    expect(gateway()).toEqual({ connected: 1, identifies: 1 });
    await expect
      .poll(() => discord.control.messages({ channelId }).filter(({ content }) => content.includes('/share')))
      .toHaveLength(1);
  });

  test('a leader that is frozen is followed, and has lost the gateway when it thaws', async () => {
    const [leader] = await startPair();
    leader.child.kill('SIGSTOP');
    await untilAnswered();
    leader.child.kill('SIGCONT');
    await expect.poll(() => leader.output()).toContain('does not lead Discord: no database connection');
    await expect.poll(() => roleOf(leader)).toBe('stands by for');
    const id = help();
    await answered(id);
    expectOneAnswer(id);
    expect(gateway().connected).toBe(1);
  });

  test('a leader that is asked to stop hands over: whatever is asked meanwhile is answered once', async () => {
    const [leader] = await startPair();
    const ids: string[] = [];
    const ask = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        ids.push(help());
        await wait(50);
      }
    };
    await ask(10);
    const ended = leader.end('SIGTERM');
    await ask(60);
    expect(await ended, leader.output()).toBe(0);
    for (const id of ids) await answered(id);
    ids.forEach(expectOneAnswer);
    expect(gateway()).toEqual({ connected: 1, identifies: 1 });
  });
});
