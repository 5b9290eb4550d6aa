import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isRetryable } from '../../core/errors.js';
import type { SlackFileDescription, SlackWorkspace } from '../../core/ports.js';
import { MAX_FILES, type ShareRequest } from '../../core/shares/share-request.js';
import type { SlackDeps } from './slack-tools.js';

const RECENT_MS = 10 * 60 * 1000;

/** An event may come a moment after the command that means its file. */
const LATE_EVENT_MS = 1_000;

const DESCRIBE_RETRIES_MS = [1_000, 5_000];

/** A file that was posted by somebody into a channel. */
export interface PostedFile extends SlackWorkspace {
  channelId: string;
  userId: string;
  fileId: string;
  postedAt: Date;
}

type Place = Omit<PostedFile, 'fileId' | 'postedAt'>;

/**
 * Remembers a file for the next /share of the person who posted it, if it is that person's own: anybody may
 * post somebody else's file again. Safe to repeat.
 */
export async function rememberFile(
  deps: SlackDeps,
  { postedAt: seenAt, workspaceId, ...key }: PostedFile,
): Promise<void> {
  const { ownerId } = await describePatiently(deps, { ...key, workspaceId }, key.fileId);
  if (ownerId !== key.userId) return;
  await deps.db.slackFileSeen.upsert({
    where: { teamId_channelId_userId_fileId: key },
    create: { ...key, seenAt },
    update: { seenAt },
  });
}

/**
 * A person's own files of the last ten minutes in a channel, newest first, as they are now. A file that was
 * deleted since is left out while there are others. Where there are none, `waits` a moment for an event that is
 * late. @throws AppError why a file cannot be shared
 */
export async function listRecentFiles(
  deps: SlackDeps,
  place: Place,
  { waits }: { waits: boolean },
): Promise<ShareRequest['files']> {
  let fileIds = await findRecent(deps, place);
  if (fileIds.length === 0 && waits) {
    await delay(LATE_EVENT_MS);
    fileIds = await findRecent(deps, place);
  }
  const described = await Promise.allSettled(
    fileIds.map((fileId) => describeOwnFile(deps, { ...place, channelId: undefined }, fileId)),
  );
  const files = described.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const problems = described.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  const serious = problems.find((problem) => !isDeletion(problem) || files.length === 0);
  if (serious) throw serious as Error;
  return files;
}

/**
 * One file for a share, if it is the person's own or was posted in the channel whose message the person pointed at:
 * ids travel through clients. @throws AppError with a code of `file.*`
 */
export async function describeOwnFile(
  deps: SlackDeps,
  { teamId, workspaceId, userId, channelId }: Omit<Place, 'channelId'> & { channelId?: string | undefined },
  fileId: string,
): Promise<ShareRequest['files'][number]> {
  const workspace = { teamId, workspaceId };
  const { ownerId, channelIds, ...file } = await deps.slackFiles.describe(workspace, fileId);
  const isShown = channelId !== undefined && channelIds.includes(channelId);
  if (ownerId !== userId && !isShown) throw new AppError('forbidden', 'file.not_own', {});
  return { ...file, source: { kind: 'slack', ...workspace, fileId } };
}

async function findRecent(deps: SlackDeps, { teamId, channelId, userId }: Place): Promise<string[]> {
  const rows = await deps.db.slackFileSeen.findMany({
    where: { teamId, channelId, userId, seenAt: { gt: new Date(Date.now() - RECENT_MS) } },
    orderBy: { seenAt: 'desc' },
    take: MAX_FILES,
    select: { fileId: true },
  });
  return rows.map(({ fileId }) => fileId);
}

/** Nobody waits for an event, and Slack does not repeat one that was acknowledged. */
async function describePatiently(
  deps: SlackDeps,
  workspace: SlackWorkspace,
  fileId: string,
): Promise<SlackFileDescription> {
  for (const waitMs of DESCRIBE_RETRIES_MS) {
    try {
      return await deps.slackFiles.describe(workspace, fileId);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      await delay(waitMs);
    }
  }
  return deps.slackFiles.describe(workspace, fileId);
}

function isDeletion(problem: unknown): boolean {
  return problem instanceof AppError && problem.code === 'file.deleted';
}
