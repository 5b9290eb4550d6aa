import * as z from 'zod';
import type { Limits, LinkSecrets } from './ports.js';

const url = z.url({ protocol: /^https?$/ });
const secret = z.string().min(32, 'must be at least 32 characters of randomness');
const tokenKey = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, 'must be 32 random bytes in base64: openssl rand -base64 32');
const smtpUrl = z
  .url({ protocol: /^smtps?$/, error: 'must be smtp://user:password@host:587 or smtps://user:password@host' })
  .refine((text) => ['', '?tls=none'].includes(new URL(text).search), 'takes no parameter but ?tls=none')
  .refine(
    (text) => Boolean(new URL(text).username) === Boolean(new URL(text).password),
    'must have a user and a password, or neither',
  );
const count = (standard: number) => z.coerce.number().int().positive().default(standard);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

/** Fragments of the environment; each process composes those that it uses. */
export const environment = {
  runtime: {
    NODE_ENV: z.enum(['production', 'development', 'test']).default('production'),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    LEASE_SECONDS: count(60),
  },
  database: { DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) },
  queue: { REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional() },
  /** Ready marks are objects, whose events start the Lambda, or jobs, which the mailer process takes. */
  marks: { READY_MARKS: z.enum(['s3', 'queue']).default('s3') },
  storage: {
    AWS_REGION: z.string().min(1).default('us-east-1'),
    S3_BUCKET: z.string().min(3),
    S3_ENDPOINT: url.optional(),
    S3_PUBLIC_ENDPOINT: url.optional(),
  },
  scanner: { CLAMD_URL: z.url({ protocol: /^tcp$/ }).optional() },
  mail: {
    AWS_REGION: z.string().min(1).default('us-east-1'),
    SES_ENDPOINT: url.optional(),
    SES_FROM: z.email().optional(),
    SES_CONFIGURATION_SET: z.string().min(1).optional(),
    SES_MAX_SEND_RATE: count(14),
    SMTP_URL: smtpUrl.optional(),
    SMTP_FROM: z.email().optional(),
    SMTP_MAX_SEND_RATE: count(10),
  },
  links: {
    PORTAL_URL: url.transform((text) => text.replace(/\/+$/, '')),
    LINK_SECRET: secret,
    LINK_SECRET_PREVIOUS: secret.optional(),
  },
  portal: {
    PORT: count(3000),
    SESSION_SECRET: secret,
    TRUST_PROXY_HOPS: z.coerce.number().int().min(0).default(0),
  },
  limits: {
    MAX_FILE_BYTES: count(5 * 1024 ** 3),
    MAX_LIVE_BYTES_PER_ACCOUNT: count(50 * 1024 ** 3),
    MAX_SHARES_PER_HOUR: count(20),
    MAX_RECIPIENTS_PER_DAY: count(100),
    MAX_RECIPIENTS_PER_DAY_WHEN_NEW: count(20),
    BLOCKED_FILE_TYPES: list.optional(),
  },
  listening: {
    HOST: z.string().min(1).default('127.0.0.1'),
    /** How long `/readyz` says 503 before no connection is taken any more. */
    DRAIN_SECONDS: z.coerce.number().int().min(0).max(25).default(0),
  },
  bot: { BOT_PORT: count(3002) },
  slack: {
    SLACK_BOT_TOKEN: z.string().startsWith('xoxb-').optional(),
    SLACK_APP_TOKEN: z.string().startsWith('xapp-').optional(),
    SLACK_ADMIN_USER_IDS: list.optional(),
    SLACK_CLIENT_ID: z.string().min(1).optional(),
    SLACK_CLIENT_SECRET: z.string().min(1).optional(),
    SLACK_SIGNING_SECRET: z.string().min(16).optional(),
    SLACK_SIGNING_SECRET_PREVIOUS: z.string().min(16).optional(),
    SLACK_TOKEN_KEY: tokenKey.optional(),
    SLACK_TOKEN_KEY_PREVIOUS: tokenKey.optional(),
    SLACK_PUBLIC_URL: url.transform((text) => text.replace(/\/+$/, '')).optional(),
    SLACK_API_URL: url.optional(),
    SLACK_FILE_HOSTS: list.optional(),
  },
  discord: {
    DISCORD_TOKEN: z.string().min(1).optional(),
    DISCORD_APPLICATION_ID: z
      .string()
      .regex(/^\d{17,20}$/)
      .optional(),
    DISCORD_API_URL: url.optional(),
    DISCORD_FILE_HOSTS: list.optional(),
  },
} as const;

/** Point real clients at doubles; a production process refuses to start with one. */
const LOCAL_ONLY = ['SLACK_API_URL', 'DISCORD_API_URL', 'SLACK_FILE_HOSTS', 'DISCORD_FILE_HOSTS'];

/** Parts of one thing that only make sense together. */
const TOGETHER = [
  ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
  [
    ...['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_SIGNING_SECRET'],
    ...['SLACK_TOKEN_KEY', 'SLACK_PUBLIC_URL'],
  ],
  ['DISCORD_TOKEN', 'DISCORD_APPLICATION_ID'],
  ['SMTP_URL', 'SMTP_FROM'],
];

/** Two ways to the same thing: at most one is chosen, and one has to be where it is needed. */
const EITHER = [
  {
    names: ['SLACK_APP_TOKEN', 'SLACK_CLIENT_ID'],
    choice: 'one workspace by Socket Mode, or many by HTTP',
    isNeeded: false,
  },
  { names: ['SES_FROM', 'SMTP_URL'], choice: 'mails leave by SES, or by an SMTP server', isNeeded: true },
];

/**
 * Reads and types the variables of `shape`, treating empty ones as unset.
 * @throws Error that names every wrong variable at once
 */
export function readEnv<S extends z.ZodRawShape>(
  shape: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<z.ZodObject<S>> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = z.object(shape).safeParse(given);
  const problems = result.success
    ? []
    : result.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        return given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
      });
  if ((given['NODE_ENV'] ?? 'production') === 'production') {
    for (const name of LOCAL_ONLY.filter((known) => known in shape && given[known] !== undefined)) {
      problems.push(`${name} is for local use and refused when NODE_ENV=production`);
    }
    if (
      'PORTAL_URL' in shape &&
      /^http:\/\/(?!(localhost|127\.0\.0\.1|\[::1\])([:/]|$))/.test(given['PORTAL_URL'] ?? '')
    ) {
      problems.push('PORTAL_URL must be https when NODE_ENV=production');
    }
  }
  for (const names of TOGETHER.filter((all) => all.every((name) => name in shape))) {
    const missing = names.filter((name) => given[name] === undefined);
    if (missing.length > 0 && missing.length < names.length) {
      problems.push(`${missing.join(', ')} is missing: set all of ${names.join(', ')} or none`);
    }
  }
  for (const { names, choice, isNeeded } of EITHER.filter((one) =>
    one.names.every((name) => name in shape),
  )) {
    const chosen = names.filter((name) => given[name] !== undefined);
    if (chosen.length > 1) problems.push(`${names.join(' and ')} exclude each other: ${choice}`);
    if (chosen.length === 0 && isNeeded) problems.push(`${names.join(' or ')} is missing: ${choice}`);
  }
  if (!result.success || problems.length > 0) {
    throw new Error(
      `The environment is not right:\n${problems.map((line) => `  - ${line}`).join('\n')}\nSee .env.example.`,
    );
  }
  return result.data;
}

/** The limits of one account, as use-cases know them. */
export function limitsFrom(env: z.output<z.ZodObject<typeof environment.limits>>): Limits {
  return {
    maxFileBytes: env.MAX_FILE_BYTES,
    maxLiveBytes: env.MAX_LIVE_BYTES_PER_ACCOUNT,
    maxSharesPerHour: env.MAX_SHARES_PER_HOUR,
    maxRecipientsPerDay: env.MAX_RECIPIENTS_PER_DAY,
    maxRecipientsPerDayWhenNew: env.MAX_RECIPIENTS_PER_DAY_WHEN_NEW,
    blockedFileTypes: (env.BLOCKED_FILE_TYPES ?? []).map((type) => type.toLowerCase().replace(/^\*?\./, '')),
  };
}

/** Where objects are kept. */
export function storageFrom(env: z.output<z.ZodObject<typeof environment.storage>>): {
  region: string;
  bucket: string;
  endpoint: string | undefined;
  publicEndpoint: string | undefined;
} {
  return {
    region: env.AWS_REGION,
    bucket: env.S3_BUCKET,
    endpoint: env.S3_ENDPOINT,
    publicEndpoint: env.S3_PUBLIC_ENDPOINT,
  };
}

/** Secrets for links: the first signs, all verify. */
export function linkSecretsFrom(env: z.output<z.ZodObject<typeof environment.links>>): LinkSecrets {
  return withPrevious(env.LINK_SECRET, env.LINK_SECRET_PREVIOUS);
}

/** How Slack and the bot find each other. */
export interface SlackSettings {
  apiUrl: string;
  fileHosts: readonly string[];
  access: SlackAccess;
}

export type SlackAccess =
  /** One workspace, whose tokens are given; the bot opens the connection. */
  | {
      kind: 'socket';
      botToken: string;
      appToken: string;
      /** Who sets the workspace's rules. */
      adminUserIds: readonly string[];
    }
  /** Every workspace that installs the app; Slack calls the bot. The first signing secret and key count, all are taken. */
  | {
      kind: 'http';
      clientId: string;
      clientSecret: string;
      signingSecrets: readonly [string, ...string[]];
      tokenKeys: readonly [Buffer, ...Buffer[]];
      publicUrl: string;
    };

/** A chat platform that is configured, or null: a platform is on when its whole fragment is present. */
export interface Platforms {
  slack: SlackSettings | null;
  discord: {
    token: string;
    applicationId: string;
    apiUrl: string | undefined;
    fileHosts: readonly string[];
  } | null;
}

const SLACK_FILE_HOSTS = ['files.slack.com', '*.slack-files.com', '*.slack-edge.com'];
const DISCORD_FILE_HOSTS = ['cdn.discordapp.com', 'media.discordapp.net'];

/** Which platforms are on. File hosts are `host`, `*.domain`, or locally `host:port`. */
export function platformsFrom(
  env: z.output<z.ZodObject<typeof environment.slack & typeof environment.discord>>,
): Platforms {
  const { DISCORD_TOKEN: token, DISCORD_APPLICATION_ID: applicationId } = env;
  const access = slackAccessFrom(env);
  return {
    slack: access && {
      access,
      apiUrl: env.SLACK_API_URL ?? 'https://slack.com/api/',
      fileHosts: env.SLACK_FILE_HOSTS ?? SLACK_FILE_HOSTS,
    },
    discord:
      token && applicationId
        ? {
            token,
            applicationId,
            apiUrl: env.DISCORD_API_URL,
            fileHosts: env.DISCORD_FILE_HOSTS ?? DISCORD_FILE_HOSTS,
          }
        : null,
  };
}

function slackAccessFrom(env: z.output<z.ZodObject<typeof environment.slack>>): SlackAccess | null {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = env;
  const adminUserIds = env.SLACK_ADMIN_USER_IDS ?? [];
  if (botToken && appToken) return { kind: 'socket', botToken, appToken, adminUserIds };
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret, SLACK_PUBLIC_URL: publicUrl } = env;
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_TOKEN_KEY: key } = env;
  if (!clientId || !clientSecret || !publicUrl || !signingSecret || !key) return null;
  return {
    ...{ kind: 'http', clientId, clientSecret, publicUrl },
    signingSecrets: withPrevious(signingSecret, env.SLACK_SIGNING_SECRET_PREVIOUS),
    tokenKeys: withPrevious(key, env.SLACK_TOKEN_KEY_PREVIOUS),
  };
}

function withPrevious<T>(current: T, previous: T | undefined): readonly [T, ...T[]] {
  return previous === undefined ? [current] : [current, previous];
}
