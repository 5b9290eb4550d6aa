import { userInfo } from 'node:os';
import path from 'node:path';
import { oncePerBuild } from './once-per-build.js';
import { findFreePorts } from './ports.js';
import { hasDoubledChat, hasRealMail, hasRealSlack, type Settings } from './read-settings.js';
import type { Secrets } from './secrets.js';
import type { Service, Supervisor } from './supervisor.js';

/** How many there are of each process that may run many times over. */
export interface Instances {
  portal: number;
  worker: number;
  bot: number;
}

/** The person of the doubles whom the seeded account is linked to. */
const SLACK_PERSON = 'T0ACME0001:U0ADA00001';
const DISCORD_PERSON = '100100000000000001';
const DISCORD_APPLICATION_ID = '900000000000000001';

export const SEED_EMAIL = 'ada@example.com';

/** How many mails one local Lambda may be sending at once, as in production. */
const LAMBDA_CONCURRENCY = 4;

/**
 * Node sizes its heap by the machine's memory and lets garbage lie; streams need little, so it is told to be lean.
 * A threshold that is set stays: else malloc raises it to the largest block that was ever freed, and keeps as much.
 */
const LEAN = {
  nodeFlags: ['--max-semi-space-size=1', '--optimize-for-size', '--liftoff-only'],
  env: { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' },
};

export interface Stack {
  urls: {
    portal: string;
    inbox: string;
    s3: string;
    lambda: string;
    slack: string | null;
    discord: string | null;
    console: string | null;
  };
  isEmbeddedPostgres: boolean;
  /** The environment of the product's processes, for commands that join them. */
  productEnv: Record<string, string>;
  /** Where each portal listens, and each bot that Slack calls over HTTP. */
  ports: { portal: number[]; bot: number[] };
  /** As they are now: a process that ended is started again under another. */
  pids(): Record<string, number>;
  stop(): Promise<void>;
}

/**
 * Starts everything in the order of need, at once where nothing needs the other, and what is configured to be
 * elsewhere not at all. Ports that nobody types are free ones; of several instances each is `<name>-<number>`. @throws Error with what did not start, after stopping the rest
 */
export async function startStack(
  supervisor: Supervisor,
  settings: Settings,
  secrets: Secrets,
  scripts: string,
  instances: Instances = { portal: 1, worker: 1, bot: 1 },
): Promise<Stack> {
  const { given, DATA_DIR: dataDir } = settings;
  const services: Service[] = [];
  const launch = async (
    name: string,
    script: string,
    env: Record<string, string>,
    nodeFlags: readonly string[] = [],
  ): Promise<Service> => {
    const service = await supervisor.start({ name, script: path.join(scripts, script), env, nodeFlags });
    services.push(service);
    return service;
  };
  const stop = async (): Promise<void> => {
    for (const group of STOP_ORDER) {
      const isDue = ({ name }: Service): boolean => group.includes(name.replace(/-\d+$/, ''));
      await Promise.all(services.filter(isDue).map((service) => service.stop()));
    }
  };
  try {
    const [postgresPort = 0, lambdaPort = 0, slackPort = 0, discordPort = 0] = await findFreePorts(4);
    const urls: Stack['urls'] = {
      portal: given['PORTAL_URL'] ?? local(settings.PORT),
      inbox: given['SES_ENDPOINT'] ?? nameServer(given['SMTP_URL']) ?? local(settings.INBOX_PORT),
      s3: given['S3_ENDPOINT'] ?? local(settings.S3_PORT),
      lambda: local(lambdaPort),
      slack: hasRealSlack(given) ? null : local(slackPort),
      discord: given['DISCORD_TOKEN'] ? null : local(discordPort),
      console: hasDoubledChat(settings) ? local(settings.CONSOLE_PORT) : null,
    };
    const hasOwnMirrors = !given['S3_ENDPOINT'] && !given['S3_MIRROR_BUCKETS'];
    const mirrors = (await findFreePorts(hasOwnMirrors ? settings.S3_MIRRORS : 0)).map((port, index) => ({
      name: `mirror-${index + 1}`,
      port,
    }));
    const productEnv = describeProduct(settings, secrets, urls);
    if (mirrors.length > 0) {
      const list = mirrors.map(({ name, port }) => ({
        name,
        bucket: settings.S3_BUCKET,
        endpoint: local(port),
      }));
      productEnv['S3_MIRROR_BUCKETS'] = JSON.stringify(list);
    }
    const folder = (name: string): string => path.join(dataDir, name);
    const credentials = (prefix: string): Record<string, string> => ({
      [`${prefix}_ACCESS_KEY_ID`]: productEnv['AWS_ACCESS_KEY_ID'] ?? '',
      [`${prefix}_SECRET_ACCESS_KEY`]: productEnv['AWS_SECRET_ACCESS_KEY'] ?? '',
    });

    // Of the product's variables, S3_ENDPOINT may name our own storage, which is not up yet.
    const elsewhere = { S3_ENDPOINT: given['S3_ENDPOINT'] ?? '', REDIS_URL: given['REDIS_URL'] ?? '' };
    if (elsewhere.S3_ENDPOINT || elsewhere.REDIS_URL) {
      const script = path.join(scripts, 'local/check.js');
      await supervisor.run({ name: 'check', script, env: { ...productEnv, ...elsewhere } });
    }

    const beginDatabase = async (): Promise<void> => {
      if (!given['DATABASE_URL']) {
        const postgres = await launch('postgres', 'local/postgres.js', {
          LOCAL_POSTGRES_DATA_DIR: folder('postgres'),
          LOCAL_POSTGRES_PORT: String(postgresPort),
        });
        productEnv['DATABASE_URL'] = postgres.detail;
      }
      const database = given['DATABASE_URL'] ? null : folder('postgres');
      await oncePerBuild({ folder: database, stamp: 'seeded-by', scripts }, () =>
        supervisor.run({
          name: 'seed',
          script: path.join(scripts, 'seed.js'),
          env: { ...productEnv, ...describeSeed(secrets, urls) },
        }),
      );
    };
    const beginStorage = async (): Promise<void> => {
      if (given['S3_ENDPOINT']) return;
      const members = [{ name: 's3', port: settings.S3_PORT }, ...mirrors];
      const launched = members.map(({ name, port }) =>
        launch(name, 'local/s3.js', {
          LOCAL_S3_PORT: String(port),
          LOCAL_S3_DATA_DIR: folder(name),
          LOCAL_S3_BUCKETS: settings.S3_BUCKET,
          LOCAL_S3_REGION: settings.AWS_REGION,
          LOCAL_S3_CORS_ORIGINS: new URL(urls.portal).origin,
          LOCAL_S3_EVENT_TARGET: invocationUrl(urls.lambda, 'on-ready'),
          ...credentials('LOCAL_S3'),
        }),
      );
      await settleAll(launched);
    };
    const beginMail = async (): Promise<void> => {
      if (hasRealMail(given)) return;
      await launch('inbox', 'local/ses.js', {
        LOCAL_SES_PORT: String(settings.INBOX_PORT),
        LOCAL_SES_DATA_DIR: folder('ses'),
        LOCAL_SES_REGION: settings.AWS_REGION,
        LOCAL_SES_EVENT_TARGET: invocationUrl(urls.lambda, 'on-feedback'),
        ...credentials('LOCAL_SES'),
      });
    };
    const beginSlack = async (): Promise<void> => {
      if (!urls.slack) return;
      await launch('slack', 'local/slack.js', {
        LOCAL_SLACK_PORT: String(slackPort),
        LOCAL_SLACK_DATA_DIR: folder('slack'),
        LOCAL_SLACK_BOT_TOKEN: secrets.slackBotToken,
        LOCAL_SLACK_APP_TOKEN: secrets.slackAppToken,
      });
    };
    const beginDiscord = async (): Promise<void> => {
      if (!urls.discord) return;
      await launch('discord', 'local/discord.js', {
        LOCAL_DISCORD_PORT: String(discordPort),
        LOCAL_DISCORD_DATA_DIR: folder('discord'),
        LOCAL_DISCORD_TOKEN: secrets.discordToken,
        LOCAL_DISCORD_APPLICATION_ID: DISCORD_APPLICATION_ID,
      });
      // The double keeps its commands; with a real token this is `npm run discord:register`, at deploy.
      await oncePerBuild({ folder: folder('discord'), stamp: 'registered-by', scripts }, () =>
        supervisor.run({ name: 'register', script: path.join(scripts, 'register.js'), env: productEnv }),
      );
    };

    const ports = {
      portal: instances.portal === 1 ? [settings.PORT] : await findFreePorts(instances.portal),
      bot: instances.bot === 1 ? [] : await findFreePorts(instances.bot),
    };
    /** The product's processes of one kind, the nth with what is its own. */
    const launchEach = (
      name: keyof Instances,
      script: string,
      own: (index: number) => Record<string, string> = () => ({}),
    ): Promise<Service>[] =>
      Array.from({ length: instances[name] }, (_, index) => {
        const numbered = instances[name] === 1 ? name : `${name}-${index + 1}`;
        return launch(numbered, script, { ...productEnv, ...LEAN.env, ...own(index) }, LEAN.nodeFlags);
      });
    const ownPort = (variable: string, port: number | undefined): Record<string, string> =>
      port === undefined ? {} : { [variable]: String(port) };

    const describeLambda = (name: string, concurrency: number): object => ({
      zipPath: path.join(scripts, `lambda/${name}.zip`),
      handler: 'index.handler',
      env: productEnv,
      timeoutMs: 60_000,
      concurrency,
    });

    const beginConsole = async (): Promise<void> => {
      if (!urls.console) return;
      await launch('console', 'local/console.js', {
        LOCAL_CONSOLE_PORT: String(settings.CONSOLE_PORT),
        LOCAL_CONSOLE_PORTAL_URL: urls.portal,
        ...(urls.slack ? { LOCAL_CONSOLE_SLACK_URL: urls.slack } : {}),
        ...(urls.discord ? { LOCAL_CONSOLE_DISCORD_URL: urls.discord } : {}),
        ...describeMail(settings, urls),
      });
    };

    const isMarkedByQueue = given['READY_MARKS'] === 'queue';
    const beginMailer = (): Promise<Service>[] =>
      isMarkedByQueue ? [launch('mailer', 'mailer.js', { ...productEnv, ...LEAN.env }, LEAN.nodeFlags)] : [];

    /** Storage that is not ours may send no events, so its marks are looked for. */
    const announceMarks = (): Promise<Service>[] =>
      given['S3_ENDPOINT'] && !isMarkedByQueue
        ? [
            launch('ready-events', 'local/ready-events.js', {
              ...productEnv,
              READY_EVENTS_ENDPOINT: given['S3_ENDPOINT'],
              READY_EVENTS_BUCKET: settings.S3_BUCKET,
              READY_EVENTS_TARGET: invocationUrl(urls.lambda, 'on-ready'),
            }),
          ]
        : [];

    const stores = [beginDatabase(), beginStorage(), beginMail()];
    await settleAll([...stores, beginSlack(), beginDiscord(), beginConsole()]);
    await settleAll([
      // What takes longest first.
      ...launchEach('bot', 'bot.js', (index) => ownPort('BOT_PORT', ports.bot[index])),
      ...launchEach('portal', 'web.js', (index) => ownPort('PORT', ports.portal[index])),
      ...launchEach('worker', 'worker.js'),
      launch('lambda', 'local/lambda.js', {
        LOCAL_LAMBDA_PORT: String(lambdaPort),
        LOCAL_LAMBDA_DATA_DIR: folder('lambda'),
        LOCAL_LAMBDA_FUNCTIONS: JSON.stringify({
          'on-ready': describeLambda('on-ready', LAMBDA_CONCURRENCY),
          'on-feedback': describeLambda('on-feedback', 1),
        }),
      }),
      ...beginMailer(),
      ...announceMarks(),
    ]);
    const pids = (): Record<string, number> =>
      Object.fromEntries(services.map(({ name, pid }) => [name, pid]));
    return { urls, isEmbeddedPostgres: !given['DATABASE_URL'], productEnv, ports, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What takes people's wishes goes first, what they need last. */
const STOP_ORDER = [
  ['console', 'bot', 'portal', 'worker'],
  ['ready-events', 'lambda', 'mailer'],
  ['s3', 'mirror', 'inbox', 'slack', 'discord'],
  ['postgres'],
];

function local(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** A server without the user and the password of its URL. */
function nameServer(url: string | undefined): string | undefined {
  return url && `${new URL(url).protocol}//${new URL(url).host}`;
}

function invocationUrl(lambda: string, name: string): string {
  return `${lambda}/2015-03-31/functions/${name}/invocations`;
}

function describeProduct(settings: Settings, secrets: Secrets, urls: Stack['urls']): Record<string, string> {
  return {
    NODE_ENV: settings.NODE_ENV,
    AWS_REGION: settings.AWS_REGION,
    AWS_ACCESS_KEY_ID: secrets.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secrets.secretAccessKey,
    S3_BUCKET: settings.S3_BUCKET,
    S3_ENDPOINT: urls.s3,
    ...describeSes(settings, urls),
    PORTAL_URL: urls.portal,
    LINK_SECRET: secrets.linkSecret,
    SESSION_SECRET: secrets.sessionSecret,
    // Generous: a person who tries things out must not meet the limits of production.
    MAX_SHARES_PER_HOUR: '1000',
    MAX_RECIPIENTS_PER_DAY: '5000',
    MAX_RECIPIENTS_PER_DAY_WHEN_NEW: '5000',
    ...(urls.slack
      ? {
          SLACK_BOT_TOKEN: secrets.slackBotToken,
          SLACK_APP_TOKEN: secrets.slackAppToken,
          // Ada, whom the seed's account is connected to.
          SLACK_ADMIN_USER_IDS: SLACK_PERSON.split(':')[1] ?? '',
          SLACK_API_URL: `${urls.slack}/api/`,
          SLACK_FILE_HOSTS: new URL(urls.slack).host,
        }
      : {}),
    ...(urls.discord
      ? {
          DISCORD_TOKEN: secrets.discordToken,
          DISCORD_APPLICATION_ID,
          DISCORD_API_URL: `${urls.discord}/api`,
          DISCORD_FILE_HOSTS: new URL(urls.discord).host,
        }
      : {}),
    ...settings.given,
  };
}

function describeSes({ given }: Settings, urls: Stack['urls']): Record<string, string> {
  if (given['SMTP_URL']) return {};
  return {
    SES_ENDPOINT: urls.inbox,
    SES_FROM: 'share@passalong.example',
    // SES publishes events of those mails alone that name one; a real account has its own.
    ...(given['SES_ENDPOINT'] ? {} : { SES_CONFIGURATION_SET: 'local' }),
  };
}

function describeSeed(secrets: Secrets, urls: Stack['urls']): Record<string, string> {
  return {
    SEED_EMAIL,
    SEED_PASSWORD: secrets.seedPassword,
    SEED_TERMINAL: userInfo().username,
    ...(urls.slack ? { SEED_SLACK: SLACK_PERSON } : {}),
    ...(urls.discord ? { SEED_DISCORD: DISCORD_PERSON } : {}),
  };
}

/** Where the console's mails are read; where they or the files are not kept here, the page must not say so. */
function describeMail({ given }: Settings, urls: Stack['urls']): Record<string, string> {
  const real = [...(hasRealMail(given) ? ['mails'] : []), ...(given['S3_ENDPOINT'] ? ['files'] : [])];
  return {
    ...(hasRealMail(given) ? {} : { LOCAL_CONSOLE_INBOX_URL: urls.inbox }),
    ...(real.length > 0
      ? {
          LOCAL_CONSOLE_NOTE: `The ${real.join(' and ')} of a share do leave this machine, as it is configured.`,
        }
      : {}),
  };
}

/** Waits for all before it fails, so that nothing starts after the rest was stopped. */
async function settleAll(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
