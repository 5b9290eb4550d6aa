import path from 'node:path';
import * as z from 'zod';

const port = (standard: number) => z.coerce.number().int().min(1).max(65_535).default(standard);

/** What `npm start` and `npm run cluster` read themselves; everything else that is set is handed to the processes that know it. */
const settings = z.object({
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((folder) => path.resolve(folder)),
  PORT: port(3000),
  CLUSTER_PORT: port(8443),
  CONSOLE_PORT: port(3001),
  INBOX_PORT: port(8025),
  S3_PORT: port(9000),
  S3_BUCKET: z.string().default('passalong'),
  /** Storage servers besides the primary's, each with a copy of everything. */
  S3_MIRRORS: z.coerce.number().int().min(0).max(5).default(0),
  AWS_REGION: z.string().default('us-east-1'),
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
});

export type Settings = z.infer<typeof settings> & {
  /** Variables of the environment by name, unset and empty ones left out. */
  given: Record<string, string>;
};

/** Variables that reach the product's processes as they are set here. */
const HANDED_ON = [
  'DATABASE_URL',
  'REDIS_URL',
  'S3_ENDPOINT',
  'S3_PUBLIC_ENDPOINT',
  'S3_MIRROR_BUCKETS',
  'STORAGE_SCRUB_DAYS',
  'ASSET_BASE_URL',
  'CDN_DOWNLOAD_URL',
  'CDN_KEY_PAIR_ID',
  'CDN_PRIVATE_KEY',
  'SES_ENDPOINT',
  'SES_FROM',
  'SES_CONFIGURATION_SET',
  'SES_MAX_SEND_RATE',
  'SMTP_URL',
  'SMTP_FROM',
  'SMTP_MAX_SEND_RATE',
  'READY_MARKS',
  'PORTAL_URL',
  'LINK_SECRET',
  'LINK_SECRET_PREVIOUS',
  'SESSION_SECRET',
  'TRUST_PROXY_HOPS',
  'HOST',
  'LOG_LEVEL',
  'LEASE_SECONDS',
  'WORKER_CONCURRENCY',
  'CLAMD_URL',
  'DRAIN_SECONDS',
  'MAX_FILE_BYTES',
  'MAX_LIVE_BYTES_PER_ACCOUNT',
  'MAX_SHARES_PER_HOUR',
  'MAX_RECIPIENTS_PER_DAY',
  'MAX_RECIPIENTS_PER_DAY_WHEN_NEW',
  'BLOCKED_FILE_TYPES',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_ADMIN_USER_IDS',
  'SLACK_CLIENT_ID',
  'SLACK_CLIENT_SECRET',
  'SLACK_SIGNING_SECRET',
  'SLACK_SIGNING_SECRET_PREVIOUS',
  'SLACK_TOKEN_KEY',
  'SLACK_TOKEN_KEY_PREVIOUS',
  'SLACK_PUBLIC_URL',
  'BOT_PORT',
  'SLACK_API_URL',
  'SLACK_FILE_HOSTS',
  'DISCORD_TOKEN',
  'DISCORD_APPLICATION_ID',
  'DISCORD_API_URL',
  'DISCORD_FILE_HOSTS',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
];

/** Whether Slack or Discord is a double, in which somebody may act by the chat console. */
export function hasDoubledChat({ given }: Settings): boolean {
  return !hasRealSlack(given) || !given['DISCORD_TOKEN'];
}

/** Whether Slack is the real one: by Socket Mode, or over HTTP. */
export function hasRealSlack(given: Settings['given']): boolean {
  return Boolean(given['SLACK_BOT_TOKEN'] ?? given['SLACK_CLIENT_ID']);
}

/** Whether mails leave this machine: by an SES or an SMTP server of somebody else's. */
export function hasRealMail(given: Settings['given']): boolean {
  return Boolean(given['SES_ENDPOINT'] ?? given['SMTP_URL']);
}

/** @throws Error that names every wrong variable */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const read = settings.safeParse(set);
  if (!read.success) {
    const lines = read.error.issues.map((issue) => `  - ${String(issue.path[0])}: ${issue.message}`);
    throw new Error(`The environment is not right:\n${lines.join('\n')}\nSee .env.example.`);
  }
  const given = Object.fromEntries(HANDED_ON.flatMap((name) => (set[name] ? [[name, set[name]]] : [])));
  if (read.data.NODE_ENV === 'production' && !(hasRealSlack(given) && given['DISCORD_TOKEN'])) {
    throw new Error(
      'NODE_ENV=production takes no simulated Slack or Discord: set the variables of both, or leave NODE_ENV unset.',
    );
  }
  return { ...read.data, given };
}
