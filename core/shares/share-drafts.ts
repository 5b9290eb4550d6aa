import * as z from 'zod';
import { AppError } from '../errors.js';
import type { ChatUser } from '../identities/chat-user.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import { shareRequest } from './share-request.js';

/** So long a draft waits for its sender. */
export const DRAFT_LIFETIME_MS = 30 * 60 * 1000;

/** A share that waits for its sender: to connect an account, or to press Send. */
const draftRequest = shareRequest.omit({ requestKey: true }).extend({
  /** Addresses that were listed twice; they are sent to once. */
  duplicates: z.array(z.string()),
  /** What was typed for addresses, where they are still to be mended; `emails` is empty then. */
  emailsText: z.string().default(''),
  /** Where it was begun: the workspaces whose rules hold. */
  places: z.array(z.string()).default([]),
});

export type DraftRequest = z.output<typeof draftRequest>;

/** Keeps a share for 30 minutes. @returns its id, which no secret hangs on: only its sender can use it */
export async function saveDraft(
  deps: Pick<Deps, 'db'>,
  by: ChatUser,
  request: DraftRequest,
): Promise<string> {
  const { platform, workspaceId, userId } = by;
  const expiresAt = new Date(Date.now() + DRAFT_LIFETIME_MS);
  const draft = await deps.db.shareDraft.create({
    data: { platform, workspaceId, userId, request, expiresAt },
  });
  return draft.id;
}

/**
 * Takes a draft to send it: from now on its sender cannot cancel it. It stays until it runs out, so that a second
 * press on Send meets the same request key. @throws AppError gone
 */
export async function takeDraft(
  deps: Pick<Deps, 'db'>,
  by: ChatUser,
  draftId: string,
): Promise<DraftRequest> {
  const { platform, workspaceId, userId } = by;
  const rows = isUuid(draftId)
    ? await deps.db.$queryRaw<{ request: unknown }[]>`
        UPDATE share_draft SET sent_at = coalesce(sent_at, now())
        WHERE id = ${draftId}::uuid AND platform = ${platform}::platform AND workspace_id = ${workspaceId}
          AND user_id = ${userId} AND expires_at > now()
        RETURNING request`
    : [];
  if (!rows[0]) throw new AppError('gone', 'share.draft_gone', {});
  return draftRequest.parse(rows[0].request);
}

/** Gives back a draft that was taken and could not be sent: it waits again, unless another press sent it. */
export async function returnDraft(deps: Pick<Deps, 'db'>, draftId: string): Promise<void> {
  await deps.db.$executeRaw`
    UPDATE share_draft SET sent_at = NULL WHERE id = ${draftId}::uuid
      AND NOT EXISTS (SELECT 1 FROM share WHERE request_key = ${draftRequestKey(draftId)})`;
}

/** The request key of a share that was a draft: pressed twice, it is one share. */
export function draftRequestKey(draftId: string): string {
  return `draft:${draftId}`;
}

/**
 * A draft that still waits: the one that is named, or, for somebody who has just connected an account, the latest
 * that could be sent; null where none does.
 */
export async function findWaitingDraft(
  deps: Pick<Deps, 'db'>,
  by: ChatUser,
  draftId?: string,
): Promise<{ draftId: string; request: DraftRequest } | null> {
  const { platform, workspaceId, userId } = by;
  const drafts = await deps.db.shareDraft.findMany({
    where: {
      ...{ platform, workspaceId, userId, sentAt: null, expiresAt: { gt: new Date() } },
      ...(draftId && isUuid(draftId) ? { id: draftId } : {}),
    },
    orderBy: { createdAt: 'desc' },
    take: 20,
  });
  const waiting = drafts.map(({ id, request }) => ({ draftId: id, request: draftRequest.parse(request) }));
  return waiting.find(({ request }) => draftId !== undefined || request.emails.length > 0) ?? null;
}

/**
 * Forgets a draft that its sender does not want, unless Send was pressed before. Safe to repeat.
 * @returns false where it is being sent
 */
export async function discardDraft(deps: Pick<Deps, 'db'>, by: ChatUser, draftId: string): Promise<boolean> {
  if (!isUuid(draftId)) return true;
  const { platform, workspaceId, userId } = by;
  const own = { id: draftId, platform, workspaceId, userId };
  const { count } = await deps.db.shareDraft.deleteMany({ where: { ...own, sentAt: null } });
  return count > 0 || (await deps.db.shareDraft.count({ where: own })) === 0;
}
