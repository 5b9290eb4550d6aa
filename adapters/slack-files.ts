import {
  LogLevel,
  WebAPIPlatformError,
  WebClient,
  type FilesInfoResponse,
  type WebClientOptions,
} from '@slack/web-api';
import type { SlackSettings } from '../core/platforms.js';
import { AppError } from '../core/errors.js';
import type { SlackFiles, SlackTokens } from '../core/ports.js';

/** A file as `files.info` describes it. @see https://docs.slack.dev/reference/objects/file-object */
export type SlackFile = NonNullable<FilesInfoResponse['file']>;

/** What a file is called that Slack no longer names. */
const NAMELESS = 'The file';

/** Where external files live, by Slack's name for it. @see https://docs.slack.dev/reference/objects/file-object */
const SERVICES: Readonly<Record<string, string>> = {
  gdrive: 'Google Drive',
  dropbox: 'Dropbox',
  box: 'Box',
  onedrive: 'OneDrive',
};

/** Describes files to the bot, quickly: a person waits for the answer. */
export function createSlackFiles({ apiUrl }: Pick<SlackSettings, 'apiUrl'>, tokens: SlackTokens): SlackFiles {
  const options: WebClientOptions = {
    slackApiUrl: apiUrl,
    timeout: 2_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  };
  return {
    async describe(workspace, fileId) {
      const client = new WebClient(await tokens.get(workspace), options);
      const file = await getSlackFile(client, fileId, NAMELESS);
      const name = file.name ?? file.title ?? NAMELESS;
      const problem = explainSlackFile(file, name);
      if (problem) throw problem;
      const {
        mimetype: contentType = 'application/octet-stream',
        size: sizeBytes = 0,
        user: ownerId = '',
        channels = [],
        groups = [],
        ims = [],
      } = file;
      const channelIds = [...channels, ...groups, ...ims];
      return { name, contentType, sizeBytes, ownerId, channelIds };
    },
  };
}

/**
 * Asks Slack about one file. `name` is what the person called it, for the answer.
 * @throws AppError with a code of `file.*`; `unavailable` where Slack cannot be reached
 */
export async function getSlackFile(client: WebClient, fileId: string, name: string): Promise<SlackFile> {
  const { file } = await client.files.info({ file: fileId }).catch((error: unknown) => {
    throw translate(error, name);
  });
  if (!file) throw new AppError('gone', 'file.deleted', { name, platform: 'Slack' });
  return file;
}

/** Why a file that Slack knows cannot be sent; null where it can. */
export function explainSlackFile(file: SlackFile, name: string): AppError | null {
  // Slack adds modes over time and types them as text.
  const mode = file.mode ?? 'hosted';
  if (mode === 'tombstone') return new AppError('gone', 'file.deleted', { name, platform: 'Slack' });
  if (mode === 'hidden_by_limit') return new AppError('gone', 'file.hidden', { name });
  if (mode === 'file_access' || file.file_access === 'access_denied') {
    return new AppError('forbidden', 'file.foreign', { name });
  }
  if (file.is_external || mode === 'external') {
    const where = SERVICES[file.external_type ?? ''] ?? 'another service';
    return new AppError('invalid', 'file.external', { name, where });
  }
  if (mode !== 'hosted' && mode !== 'snippet') {
    return new AppError('invalid', 'file.external', {
      name,
      where: `a Slack ${mode === 'quip' ? 'canvas' : mode}`,
    });
  }
  return null;
}

function translate(error: unknown, name: string): AppError {
  const cause = { cause: error };
  if (!(error instanceof WebAPIPlatformError)) {
    return new AppError('unavailable', 'file.unreachable', { name, platform: 'Slack' }, cause);
  }
  switch (error.data.error) {
    case 'file_deleted':
      return new AppError('gone', 'file.deleted', { name, platform: 'Slack' }, cause);
    case 'file_not_found':
    case 'channel_not_found':
    case 'not_in_channel':
      return new AppError('forbidden', 'file.not_visible', { bot: 'passalong' }, cause);
    case 'access_denied':
    case 'ekm_access_denied':
      return new AppError('forbidden', 'file.foreign', { name }, cause);
    case 'missing_scope':
    case 'not_authed':
    case 'token_revoked':
    case 'token_expired':
    case 'invalid_auth':
    case 'account_inactive':
      return new AppError('forbidden', 'file.reinstall', {}, cause);
    default:
      return new AppError('unavailable', 'file.unreachable', { name, platform: 'Slack' }, cause);
  }
}
