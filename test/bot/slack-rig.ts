import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createConnector } from '../../adapters/database.js';
import { createSlackFiles } from '../../adapters/slack-files.js';
import { createSlackOAuth } from '../../adapters/slack-oauth.js';
import type { ChatPlatform } from '../../bot/chat.js';
import { startNoticeSender } from '../../bot/notice-sender.js';
import type { SlackDeps } from '../../bot/slack/slack-tools.js';
import { startSlackPlatform } from '../../bot/slack/start-slack-platform.js';
import type { SlackSettings } from '../../core/platforms.js';
import { createSlackTokens } from '../../core/identities/installations.js';
import { startSlack, type LocalSlack, type SlackOptions } from '../../local/slack/start-slack.js';
import { findFreePorts } from '../../local/start/ports.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, linkSecrets, timings } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

export const [ADA, GRACE, EDSGER] = ['U0ADA00001', 'U0GRACE001', 'U0EDSGER01'];
export const [GENERAL, FILES, PRIVATE, ADA_DM] = ['C0GENERAL1', 'C0FILES001', 'C0SECRET01', 'D0ADA00001'];
export const [TEAM, GLOBEX] = ['T0ACME0001', 'T0GLOBEX01'];
export const [SIGNING_SECRET, PREVIOUS_SECRET] = ['signing-secret-of-the-app', 'signing-secret-before-that'];
const TOKENS = { botToken: 'xoxb-local', appToken: 'xapp-local' };
const CLIENT = { clientId: '1.2', clientSecret: 'client-secret' };

/** The ways from Slack to the bot. Over HTTP the app is installed first; by Socket Mode Acme has it from the start. */
export const DOORS = ['Socket Mode', 'HTTP'] as const;
export type Door = (typeof DOORS)[number];

type Interaction = ReturnType<LocalSlack['control']['interaction']>;

/** A Slack that calls the bot at `botUrl`, where people install the app. */
export function startSlackOverHttp(
  botUrl: string,
  more: Pick<SlackOptions, 'dataDir' | 'now' | 'enterprise'>,
): Promise<LocalSlack> {
  const oauth = { ...CLIENT, tokenRotation: true, redirectUrls: [`${botUrl}/slack/oauth_redirect`] };
  const requestUrl = `${botUrl}/slack/events`;
  return startSlack({ port: 0, requestUrl, signingSecret: SIGNING_SECRET, oauth, ...more });
}

/** What a browser gets from the bot: Slack's address, and the cookie that binds the state to it. */
export async function startInstall(botUrl: string): Promise<{ url: string; cookie: string }> {
  const response = await fetch(`${botUrl}/slack/install`, { redirect: 'manual' });
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { url: response.headers.get('location') ?? '', cookie };
}

/** Installs the app as people do in a browser. @returns the page that they see in the end */
export async function installApp(
  { control }: LocalSlack,
  botUrl: string,
  who: { userId: string; isEnterpriseInstall?: boolean },
): Promise<string> {
  const { url, cookie } = await startInstall(botUrl);
  const done = await fetch(control.authorize({ ...who, url }), { headers: { cookie } });
  if (done.status !== 200) throw new Error(`not installed: ${await done.text()}`);
  return done.text();
}

/** The Slack platform as it ships, against the double of Slack and a database of its own. */
export class SlackBotRig {
  readonly queue = fakeQueue();
  readonly log = fakeLog();
  readonly marks = fakeMarks();
  /** To be changed by a test, also while the bot runs. */
  readonly limits = { ...limits };
  private readonly tokenKey = randomBytes(32);
  private stopNotices = async (): Promise<void> => {};

  private constructor(
    /** Where Slack calls the bot; null by Socket Mode. */
    private readonly port: number | null,
    readonly dataDir: string,
    public slack: LocalSlack,
    readonly database: OpenTestDatabase,
    readonly nowMs: { offset: number },
  ) {}

  platform!: ChatPlatform;

  /** With the bot, and with the app installed in Acme. */
  static async start(door: Door = 'Socket Mode'): Promise<SlackBotRig> {
    const rig = await SlackBotRig.prepare(door);
    await rig.startBot();
    if (door === 'HTTP') await rig.install(ADA);
    return rig;
  }

  /** Everything but the bot, and, over HTTP, but an installation. */
  static async prepare(
    door: Door = 'Socket Mode',
    more: Pick<SlackOptions, 'enterprise'> = {},
  ): Promise<SlackBotRig> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'slack-bot-'));
    const clock = { offset: 0 };
    const now = (): number => Date.now() + clock.offset;
    const [port = null] = door === 'HTTP' ? await findFreePorts(1) : [];
    const slack = await (port === null
      ? startSlack({ port: 0, dataDir, ...TOKENS, now })
      : startSlackOverHttp(`http://127.0.0.1:${port}`, { dataDir, now, ...more }));
    return new SlackBotRig(port, dataDir, slack, await openTestDatabase(), clock);
  }

  get db() {
    return this.database.db;
  }

  get botUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get deps(): SlackDeps {
    const { db, queue, log, marks, config, tokens } = this;
    const slackFiles = createSlackFiles(config, tokens);
    const portalUrl = 'https://portal.test';
    return { db, queue, log, limits: this.limits, linkSecrets, portalUrl, timings, marks, slackFiles };
  }

  private get config(): SlackSettings {
    const { host } = new URL(this.slack.url);
    const access: SlackSettings['access'] =
      this.port === null
        ? { kind: 'socket', ...TOKENS, adminUserIds: [ADA] }
        : {
            ...{ kind: 'http', ...CLIENT, publicUrl: this.botUrl },
            signingSecrets: [SIGNING_SECRET, PREVIOUS_SECRET],
            tokenKeys: [this.tokenKey],
          };
    return { access, apiUrl: `${this.slack.url}/api/`, fileHosts: [host] };
  }

  private get tokens() {
    const { db, log, config } = this;
    return createSlackTokens({ db, log }, config.access, createSlackOAuth(config));
  }

  async startBot(): Promise<void> {
    const { deps, config, tokens } = this;
    const listening = { host: '127.0.0.1', port: this.port ?? 0, drainMs: 0 };
    this.platform = await startSlackPlatform(deps, config, tokens, listening);
    const connect = createConnector(this.database.connectionString);
    const notices = startNoticeSender(deps, [this.platform], connect);
    this.stopNotices = () => notices.stop();
  }

  /** Over HTTP: the app comes into somebody's workspace, or organisation. */
  install(userId: string, isEnterpriseInstall = false): Promise<string> {
    return installApp(this.slack, this.botUrl, { userId, isEnterpriseInstall });
  }

  async stopBot(): Promise<void> {
    await this.platform.stop();
    await this.stopNotices();
  }

  /** Slack again, at the same address and with the same files. */
  async restartSlack(): Promise<void> {
    const port = Number(new URL(this.slack.url).port);
    this.slack = await startSlack({ port, dataDir: this.dataDir, ...TOKENS });
  }

  async stop(): Promise<void> {
    await this.stopBot();
    await this.slack.close();
    await this.database.release();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** An account that a person in Slack has connected. */
  async connect(userId: string, workspaceId = TEAM) {
    const account = await createAccount(this.db);
    const about = { platform: 'SLACK', userName: '@x', workspaceName: 'acme' } as const;
    await this.db.chatIdentity.create({ data: { accountId: account.id, ...about, workspaceId, userId } });
    return account;
  }

  /** Posts a file and waits until the bot has heard of it. */
  async post(userId: string, name: string, channelId = GENERAL, bytes = 'some bytes'): Promise<string> {
    const source = Buffer.from(bytes);
    const upload = { userId, channelId, name, mimetype: 'text/plain', source };
    const { fileId } = await this.slack.control.uploadFile(upload);
    const deadline = Date.now() + 5_000;
    while (!(await this.db.slackFileSeen.count({ where: { fileId } })) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return fileId;
  }

  /** A file that a person holds ready for a form. */
  async hold(userId: string, name: string, bytes = 'some bytes'): Promise<string> {
    const upload = { userId, name, mimetype: 'text/plain', source: Buffer.from(bytes) };
    return (await this.slack.control.uploadFile(upload)).fileId;
  }

  /** Types `/share …`. */
  share(text: string, userId = ADA, channelId = GENERAL): Interaction {
    return this.slack.control.runCommand({ userId, channelId, command: '/share', text });
  }

  /** Presses a button on the answer of an interaction. */
  press({ id, userId }: Interaction, actionId: string, by = userId): Interaction {
    return this.slack.control.pressButton({ userId: by, interactionId: id, actionId });
  }

  /** What an interaction's message says, once it says something like `text`. */
  async says({ id }: Interaction, text: string): Promise<string> {
    const { control } = this.slack;
    const words = (): string => JSON.stringify(control.interaction(id).current?.blocks ?? '');
    await control
      .waitFor(() => words().includes(text))
      .catch(() => {
        throw new Error(`expected "${text}", but it says ${words()}`);
      });
    return words();
  }

  /** The form that an interaction opened. */
  async form({ id }: Interaction): Promise<string> {
    const { control } = this.slack;
    return control.waitFor(() => control.interaction(id).viewIds[0]);
  }

  async until<T>(look: () => Promise<T | null | false | 0 | undefined>, timeoutMs = 30_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const seen = await look();
      if (seen) return seen;
      if (Date.now() > deadline) throw new Error(`not seen within ${timeoutMs} ms: ${String(look)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
