import type * as z from 'zod';
import { withPrevious, type environment } from './config.js';

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
