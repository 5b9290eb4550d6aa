import { LogLevel, WebClient } from '@slack/web-api';
import type { SlackSettings } from '../core/platforms.js';
import { AppError } from '../core/errors.js';
import type { SlackOAuth } from '../core/ports.js';

/** Renews the tokens of an app whose tokens end. @see https://docs.slack.dev/authentication/using-token-rotation */
export function createSlackOAuth({ apiUrl, access }: Pick<SlackSettings, 'apiUrl' | 'access'>): SlackOAuth {
  const client = new WebClient(undefined, {
    slackApiUrl: apiUrl,
    timeout: 5_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  });
  return {
    async refresh(refreshToken) {
      if (access.kind === 'socket') throw new TypeError('the token of one workspace is not renewed');
      const { clientId, clientSecret } = access;
      const answer = await client.oauth.v2
        .access({
          client_id: clientId,
          client_secret: clientSecret,
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
        })
        .catch((error: unknown) => {
          throw new AppError('unavailable', 'service.unavailable', {}, { cause: error });
        });
      const { access_token: botToken, refresh_token: next, expires_in: seconds } = answer;
      if (!botToken) throw new AppError('unavailable', 'service.unavailable', {});
      return {
        botToken,
        refreshToken: next ?? refreshToken,
        ...(seconds !== undefined && { tokenExpiresAt: new Date(Date.now() + seconds * 1000) }),
      };
    },
  };
}
