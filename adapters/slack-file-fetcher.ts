import type { IncomingMessage } from 'node:http';
import { LogLevel, WebClient, type WebClientOptions } from '@slack/web-api';
import type { SlackSettings } from '../core/platforms.js';
import { AppError } from '../core/errors.js';
import type { FileFetcher, SlackTokens } from '../core/ports.js';
import { explainSlackFile, getSlackFile } from './slack-files.js';
import { BlockedUrl, guardedGet } from './guarded-get.js';

/**
 * Fetches files that are stored in Slack: asks for the URL anew, and sends the bot's token to Slack's file hosts
 * alone. Slack answers a missing right with 200 and a sign-in page, which is never taken for the file.
 */
export function createSlackFileFetcher(
  { apiUrl, fileHosts }: Pick<SlackSettings, 'apiUrl' | 'fileHosts'>,
  tokens: SlackTokens,
): FileFetcher {
  const options: WebClientOptions = {
    slackApiUrl: apiUrl,
    timeout: 10_000,
    retryConfig: { retries: 2 },
    logLevel: LogLevel.ERROR,
  };
  return {
    async fetch(source, { name, sizeBytes }) {
      if (source.kind !== 'slack') throw new TypeError(`not a Slack file: ${source.kind}`);
      const token = await tokens.get(source);
      const file = await getSlackFile(new WebClient(token, options), source.fileId, name);
      const problem = explainSlackFile(file, name);
      if (problem) throw problem;
      const response = await guardedGet(file.url_private_download ?? file.url_private ?? '', {
        hosts: fileHosts,
        headers: { authorization: `Bearer ${token}` },
      }).catch((error: unknown) => {
        throw error instanceof BlockedUrl ? explainBlocked(error, name) : unreachable(name, error);
      });
      const refusal = checkAnswer(response, name, file.mimetype ?? '', sizeBytes);
      if (!refusal) return response;
      response.destroy();
      throw refusal;
    },
  };
}

/** A missing right may also show as a redirect to the workspace's sign-in page. */
function explainBlocked(error: BlockedUrl, name: string): AppError {
  const cause = { cause: error };
  return /(^|\.)slack\.com$/.test(error.hostname)
    ? new AppError('invalid', 'file.not_the_file', { name, platform: 'Slack' }, cause)
    : new AppError('invalid', 'file.blocked_source', { name }, cause);
}

function checkAnswer(
  { statusCode = 0, headers }: IncomingMessage,
  name: string,
  mimetype: string,
  sizeBytes: number,
): AppError | null {
  if (statusCode === 404 || statusCode === 410)
    return new AppError('gone', 'file.deleted', { name, platform: 'Slack' });
  if (statusCode === 401 || statusCode === 403) return new AppError('forbidden', 'file.reinstall', {});
  if (statusCode !== 200) return unreachable(name, new Error(`HTTP ${statusCode}`));
  const isPage = (headers['content-type'] ?? '').startsWith('text/html') && !mimetype.startsWith('text/html');
  if (isPage) return new AppError('invalid', 'file.not_the_file', { name, platform: 'Slack' });
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== sizeBytes)
    return new AppError('invalid', 'file.size_differs', { name });
  return null;
}

function unreachable(name: string, cause: unknown): AppError {
  return new AppError('unavailable', 'file.unreachable', { name, platform: 'Slack' }, { cause });
}
