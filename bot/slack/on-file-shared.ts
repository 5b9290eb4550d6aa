import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { AppError } from '../../core/errors.js';
import { rememberFile } from './recent-files.js';
import { personOfEvent } from './slack-person.js';
import type { SlackTools } from './slack-tools.js';

/** Somebody posted a file: it may be the one that the next /share is about. */
export async function onFileShared(
  { deps }: SlackTools,
  { event, body }: SlackEventMiddlewareArgs<'file_shared'> & AllMiddlewareArgs,
): Promise<void> {
  const { channel_id: channelId, user_id: userId, file_id: fileId, event_ts } = event;
  const { teamId, workspaceId } = personOfEvent(userId, body);
  const postedAt = new Date(Number(event_ts) * 1000);
  try {
    await rememberFile(deps, { teamId, workspaceId, channelId, userId, fileId, postedAt });
  } catch (error) {
    // The message of an AppError names the file.
    deps.log.info(
      error instanceof AppError ? { code: String(error.code) } : { err: error },
      'posted file not remembered',
    );
  }
}
