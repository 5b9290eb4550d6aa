import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createConnector } from '../../adapters/database.js';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { startDiscordPlatform } from '../../bot/discord/start-discord-platform.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { ADA, APPLICATION_ID, GENERAL, settingsFor, testDeps, TOKEN, type TestDeps } from './discord-rig.js';

let database: OpenTestDatabase;
let discord: LocalDiscord;

beforeAll(async () => {
  database = await openTestDatabase();
  discord = await startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID });
  await registerCommands(settingsFor(discord));
});

afterEach(() => {
  Object.assign(discord.faults, { restDown: false, gatewayDown: false });
});

afterAll(async () => {
  await discord.close();
  await database.release();
});

const start = (deps: TestDeps, settings = settingsFor(discord)) =>
  startDiscordPlatform(deps, settings, createConnector(database.connectionString));
const connected = () => discord.control.state().gateway.connected;
const help = () =>
  discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, command: 'passalong', subcommand: 'help' })
    .interactionId;
const answered = (id: string) =>
  discord.control.waitFor(id, (it) => it.message?.content.includes('/share') === true);
const messages = ({ log }: TestDeps, level: string) =>
  log.lines.filter((line) => line.level === level).map(({ message }) => message);

test.each([
  ['its API', { restDown: true }],
  ['its gateway', { gatewayDown: true }],
])(
  'a bot that starts while Discord has lost %s connects by itself as soon as it is back',
  async (_what, fault) => {
    const deps = testDeps(database);
    Object.assign(discord.faults, fault);
    const platform = await start(deps);
    expect(connected()).toBe(0);
    expect(messages(deps, 'warn')).toContain('no connection to Discord');
    Object.assign(discord.faults, { restDown: false, gatewayDown: false });
    await expect.poll(connected).toBe(1);
    await answered(help());
    await wait(1_500);
    expect(connected()).toBe(1);
    await platform.stop();
    await expect.poll(connected).toBe(0);
  },
);

test('survives an outage and says once that it began and ended', async () => {
  const deps = testDeps(database);
  const platform = await start(deps);
  Object.assign(discord.faults, { restDown: true, gatewayDown: true });
  await wait(1_500);
  Object.assign(discord.faults, { restDown: false, gatewayDown: false });
  await expect.poll(connected).toBe(1);
  await answered(help());
  expect(messages(deps, 'warn')).toEqual(['connection to Discord lost']);
  expect(messages(deps, 'info').filter((message) => message === 'connected to Discord')).toHaveLength(2);
  await platform.stop();
});

test('a stop in the middle of an outage is a stop: nothing connects afterwards', async () => {
  const platform = await start(testDeps(database));
  discord.faults.gatewayDown = true;
  await wait(700);
  await platform.stop();
  discord.faults.gatewayDown = false;
  await wait(1_500);
  expect(connected()).toBe(0);
});

test('a refused token is one clear line, and Discord is left alone', async () => {
  const deps = testDeps(database);
  const platform = await start(deps, settingsFor(discord, 'wrong'));
  await wait(1_500);
  expect(deps.log.lines.filter(({ level }) => level !== 'info')).toEqual([
    { level: 'error', fields: {}, message: 'Discord refuses the token: check DISCORD_TOKEN' },
  ]);
  await platform.stop();
});

test('of two processes that hear the same interaction, one answers and the other keeps still', async () => {
  // A database of its own, by mistake: nothing there says that somebody leads already.
  const another = await openTestDatabase();
  const all = [testDeps(database), testDeps(database)] as const;
  const platforms = [
    await start(all[0]),
    await startDiscordPlatform(all[1], settingsFor(discord), createConnector(another.connectionString)),
  ];
  expect(connected()).toBe(2);
  const id = help();
  await answered(id);
  await expect
    .poll(() => all.flatMap((deps) => messages(deps, 'info')))
    .toContain('interaction is answered by another process');
  expect(discord.control.interaction(id)).toMatchObject({ followUps: [], history: { length: 2 } });
  await Promise.all(platforms.map((platform) => platform.stop()));
  await another.release();
});

test('asks for no intents', async () => {
  const platform = await start(testDeps(database));
  discord.control.postMessage({ userId: ADA, channelId: GENERAL, content: `<@${APPLICATION_ID}> hello` });
  await answered(help());
  await platform.stop();
});
