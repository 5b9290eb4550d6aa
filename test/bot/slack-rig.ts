import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createSlackFiles } from '../../adapters/slack-files.js';
import { startNoticeSender } from '../../bot/notice-sender.js';
import { startSlackPlatform } from '../../bot/slack/start-slack-platform.js';
import type { SlackDeps } from '../../bot/slack/slack-tools.js';
import type { ChatPlatform } from '../../bot/chat.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, linkSecrets, timings } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';

export const [ADA, GRACE] = ['U0ADA00001', 'U0GRACE001'];
export const [GENERAL, FILES, ADA_DM] = ['C0GENERAL1', 'C0FILES001', 'D0ADA00001'];
export const TEAM = 'T0ACME0001';
const TOKENS = { botToken: 'xoxb-local', appToken: 'xapp-local' };

const tokens = { get: () => Promise.resolve(TOKENS.botToken) };

type Interaction = ReturnType<LocalSlack['control']['interaction']>;

/** The Slack platform as it ships, against the double of Slack and a database of its own. */
export class SlackBotRig {
  readonly queue = fakeQueue();
  readonly log = fakeLog();
  private stopNotices = async (): Promise<void> => {};

  private constructor(
    readonly dataDir: string,
    public slack: LocalSlack,
    readonly database: OpenTestDatabase,
    readonly nowMs: { offset: number },
  ) {}

  platform!: ChatPlatform;

  static async start(): Promise<SlackBotRig> {
    const rig = await SlackBotRig.prepare();
    await rig.startBot();
    return rig;
  }

  /** Everything but the bot. */
  static async prepare(): Promise<SlackBotRig> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'slack-bot-'));
    const clock = { offset: 0 };
    const now = (): number => Date.now() + clock.offset;
    const slack = await startSlack({ port: 0, dataDir, ...TOKENS, now });
    return new SlackBotRig(dataDir, slack, await openTestDatabase(), clock);
  }

  get db() {
    return this.database.db;
  }

  get deps(): SlackDeps {
    const { db, queue, log } = this;
    const marks = fakeMarks();
    const portalUrl = 'https://portal.test';
    return {
      db,
      queue,
      log,
      limits,
      linkSecrets,
      portalUrl,
      timings,
      marks,
      slackFiles: createSlackFiles(this.config, tokens),
    };
  }

  get config() {
    const { host } = new URL(this.slack.url);
    const access = { kind: 'socket', ...TOKENS, adminUserIds: [ADA] } as const;
    return { access, apiUrl: `${this.slack.url}/api/`, fileHosts: [host] };
  }

  async startBot(changes: Partial<SlackDeps> = {}): Promise<void> {
    const deps = { ...this.deps, ...changes };
    this.platform = await startSlackPlatform(deps, this.config, tokens, {
      host: '127.0.0.1',
      port: 0,
      drainMs: 0,
    });
    const notices = startNoticeSender(deps, [this.platform], async () => {
      const client = new pg.Client({ connectionString: this.database.connectionString });
      await client.connect();
      return client;
    });
    this.stopNotices = () => notices.stop();
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
    await this.database.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** An account that a person in Slack has connected. */
  async connect(userId: string) {
    const account = await createAccount(this.db);
    const user = {
      platform: 'SLACK',
      workspaceId: TEAM,
      userId,
      userName: '@x',
      workspaceName: 'acme',
    } as const;
    await this.db.chatIdentity.create({ data: { accountId: account.id, ...user } });
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
      .waitFor(() => words().includes(text), 5_000)
      .catch(() => {
        throw new Error(`expected "${text}", but it says ${words()}`);
      });
    return words();
  }

  /** The form that an interaction opened. */
  async form({ id }: Interaction): Promise<string> {
    const { control } = this.slack;
    return control.waitFor(() => control.interaction(id).viewIds[0], 5_000);
  }

  async until<T>(look: () => Promise<T | null | false | 0 | undefined>, timeoutMs = 5_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const seen = await look();
      if (seen) return seen;
      if (Date.now() > deadline) throw new Error(`not seen within ${timeoutMs} ms: ${String(look)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
