import * as z from 'zod';
import type { Limits, LinkSecrets } from './ports.js';

const url = z.url({ protocol: /^https?$/ });
const secret = z.string().min(32, 'must be at least 32 characters of randomness');
const tokenKey = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, 'must be 32 random bytes in base64: openssl rand -base64 32');
/** On one line its line breaks are written as `\n`. */
const privateKey = z
  .string()
  .transform((text) => text.replaceAll('\\n', '\n').trim())
  .refine(
    (pem) => /^-----BEGIN (RSA )?PRIVATE KEY-----\n[^]+\n-----END (RSA )?PRIVATE KEY-----$/.test(pem),
    'must be an RSA private key in PEM, its line breaks written as \\n',
  );
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

/** One more bucket that holds a copy of everything. What it does not say is as with `S3_BUCKET`. */
const mirror = z.strictObject({
  bucket: z.string().min(3),
  /** For logs and `npm run storage`; the bucket's own unless two are called alike. */
  name: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .optional(),
  region: z.string().min(1).optional(),
  endpoint: url.optional(),
  publicEndpoint: url.optional(),
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: z.string().min(1).optional(),
});
const mirrors = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('must be a JSON list: [{"bucket":"…","region":"…"}]');
      return z.NEVER;
    }
  })
  .pipe(
    z.array(
      mirror.refine(
        ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
        'accessKeyId and secretAccessKey go together',
      ),
    ),
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
    S3_MIRROR_BUCKETS: mirrors.optional(),
    STORAGE_SCRUB_DAYS: count(7),
  },
  cdn: {
    ASSET_BASE_URL: url.transform((text) => text.replace(/\/+$/, '')).optional(),
    CDN_DOWNLOAD_URL: url.transform((text) => text.replace(/\/+$/, '')).optional(),
    CDN_KEY_PAIR_ID: z.string().min(1).optional(),
    CDN_PRIVATE_KEY: privateKey.optional(),
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
  ['CDN_DOWNLOAD_URL', 'CDN_KEY_PAIR_ID', 'CDN_PRIVATE_KEY'],
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

/** A bucket, and how it is reached. */
export interface StorageOptions {
  /** Told apart by it in rows, logs and commands. */
  name: string;
  region: string;
  bucket: string;
  /** Unset: AWS itself. */
  endpoint: string | undefined;
  /** Where browsers reach the same storage, when that differs; it is part of what is signed. */
  publicEndpoint: string | undefined;
  /** Unset: whatever the machine or the environment grants. */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** Where objects are kept: the primary first, then its mirrors. @throws Error where two have one name */
export function storageFrom(
  env: z.output<z.ZodObject<typeof environment.storage>>,
): readonly [StorageOptions, ...StorageOptions[]] {
  const primary: StorageOptions = {
    name: env.S3_BUCKET,
    region: env.AWS_REGION,
    bucket: env.S3_BUCKET,
    endpoint: env.S3_ENDPOINT,
    publicEndpoint: env.S3_PUBLIC_ENDPOINT,
    credentials: undefined,
  };
  const copies = (env.S3_MIRROR_BUCKETS ?? []).map((given) => ({
    name: given.name ?? given.bucket,
    region: given.region ?? env.AWS_REGION,
    bucket: given.bucket,
    endpoint: given.endpoint ?? env.S3_ENDPOINT,
    publicEndpoint: given.publicEndpoint ?? (given.endpoint ? undefined : env.S3_PUBLIC_ENDPOINT),
    credentials:
      given.accessKeyId && given.secretAccessKey
        ? { accessKeyId: given.accessKeyId, secretAccessKey: given.secretAccessKey }
        : undefined,
  }));
  const names = [primary, ...copies].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(
      `The environment is not right:\n  - S3_MIRROR_BUCKETS: two buckets are called ${twice}; give one a "name" of its own\nSee .env.example.`,
    );
  }
  return [primary, ...copies];
}

/** CloudFront in front of the primary, and the key that it knows us by. */
export interface CdnDownloads {
  /** Without a slash at the end. */
  url: string;
  keyPairId: string;
  /** PEM. */
  privateKey: string;
}

/** null where downloads are presigned URLs of storage. */
export function cdnFrom(env: z.output<z.ZodObject<typeof environment.cdn>>): CdnDownloads | null {
  const { CDN_DOWNLOAD_URL: url, CDN_KEY_PAIR_ID: keyPairId, CDN_PRIVATE_KEY: key } = env;
  return url && keyPairId && key ? { url, keyPairId, privateKey: key } : null;
}

/** Secrets for links: the first signs, all verify. */
export function linkSecretsFrom(env: z.output<z.ZodObject<typeof environment.links>>): LinkSecrets {
  return withPrevious(env.LINK_SECRET, env.LINK_SECRET_PREVIOUS);
}

/** A secret and the one before it, which is still taken: so that it can be changed without a gap. */
export function withPrevious<T>(current: T, previous: T | undefined): readonly [T, ...T[]] {
  return previous === undefined ? [current] : [current, previous];
}
