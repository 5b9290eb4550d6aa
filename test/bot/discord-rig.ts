import { createConnector } from '../../adapters/database.js';
import type { BotDeps, ChatPlatform } from '../../bot/chat.js';
import { registerCommands } from '../../bot/discord/register-commands.js';
import { startDiscordPlatform } from '../../bot/discord/start-discord-platform.js';
import { startNoticeSender } from '../../bot/notice-sender.js';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import type { Platforms } from '../../core/platforms.js';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, linkSecrets, timings } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

export const APPLICATION_ID = '900000000000000001';
export const TOKEN = 'local-token';
export const ADA = '100100000000000001';
export const GRACE = '100200000000000002';
export const GENERAL = '300000000000000001';
export const LOUNGE = '300000000000000003';

export type TestDeps = BotDeps & {
  queue: ReturnType<typeof fakeQueue>;
  log: ReturnType<typeof fakeLog>;
  marks: ReturnType<typeof fakeMarks>;
};

export function settingsFor(discord: LocalDiscord, token = TOKEN): NonNullable<Platforms['discord']> {
  const fileHosts = [new URL(discord.url).host];
  return { token, applicationId: APPLICATION_ID, apiUrl: `${discord.url}/api`, fileHosts };
}

export function testDeps({ db }: Pick<OpenTestDatabase, 'db'>, changes: Partial<BotDeps> = {}): TestDeps {
  const fakes = { queue: fakeQueue(), log: fakeLog(), marks: fakeMarks() };
  return { db, limits, linkSecrets, timings, portalUrl: 'https://passalong.test', ...changes, ...fakes };
}

/** The bot on a local Discord, with a real database and its notice sender; nothing is stored or mailed. */
export async function startRig() {
  const database = await openTestDatabase();
  const discord = await startDiscord({ port: 0, token: TOKEN, applicationId: APPLICATION_ID });
  const deps = testDeps(database);
  await registerCommands(settingsFor(discord));
  const connect = createConnector(database.connectionString);
  const platform: ChatPlatform = await startDiscordPlatform(deps, settingsFor(discord), connect);
  const notices = startNoticeSender(deps, [platform], connect);
  const { db } = database;
  return {
    discord,
    deps,
    db,
    pool: database.pool,
    platform,
    upload: (name = 'plan.pdf', bytes = Buffer.from('%PDF-plan'), userId = ADA) =>
      discord.control.uploadFile({ userId, channelId: GENERAL, name, contentType: 'application/pdf', bytes }),
    command: (command: string, options: Record<string, string | number> = {}, more: object = {}) =>
      discord.control.invokeCommand({ userId: ADA, channelId: GENERAL, command, options, ...more })
        .interactionId,
    press: (interactionId: string, customId: string, userId = ADA) =>
      discord.control.pressButton({ userId, interactionId, customId }).interactionId,
    /** Waits until the answer to an interaction says something. */
    reads: async (interactionId: string, text: string) =>
      (await discord.control.waitFor(interactionId, (it) => it.message?.content.includes(text) === true))
        .message!,
    /** Somebody who wants to be asked nothing. */
    connectAccount: async (userId = ADA) => {
      const account = await createAccount(db);
      await changeChatSettings({ db }, account.id, { confirmsShares: false, undoSeconds: 0 });
      const about = { userName: '@ada', workspaceName: 'Discord' };
      const data = { accountId: account.id, platform: 'DISCORD', workspaceId: '', userId, ...about } as const;
      await db.chatIdentity.create({ data });
      return account;
    },
    requestOf: (interactionId: string) =>
      db.share.findUnique({
        where: { requestKey: `discord:${interactionId}` },
        include: { attachments: true, recipients: true },
      }),
    async stop() {
      await platform.stop();
      await notices.stop();
      await discord.close();
      await database.release();
    },
  };
}

export type Rig = Awaited<ReturnType<typeof startRig>>;
