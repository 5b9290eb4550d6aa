import * as z from 'zod';
import { AppError } from '../errors.js';
import type { ChatUser } from '../identities/chat-user.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import { shareRequest } from './share-request.js';

const LIFETIME_MS = 30 * 60 * 1000;

/** A share that waits for its sender: to connect an account, or to press Send. */
const draftRequest = z.strictObject({
  share: shareRequest.omit({ requestKey: true }),
  /** Its files were picked for the sender, who has not seen them named yet. */
  needsConfirmation: z.boolean(),
});

export type DraftRequest = z.output<typeof draftRequest>;

/** Keeps a share for 30 minutes. @returns its id, which no secret hangs on: only its sender can use it */
export async function saveDraft(
  deps: Pick<Deps, 'db'>,
  by: ChatUser,
  request: DraftRequest,
): Promise<string> {
  const { platform, workspaceId, userId } = by;
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  const draft = await deps.db.shareDraft.create({
    data: { platform, workspaceId, userId, request, expiresAt },
  });
  return draft.id;
}

/**
 * A draft of its own sender. It stays until it runs out, so that a second press on Send meets the same request key.
 * @throws AppError gone
 */
export async function getDraft(deps: Pick<Deps, 'db'>, by: ChatUser, draftId: string): Promise<DraftRequest> {
  const { platform, workspaceId, userId } = by;
  const draft = isUuid(draftId)
    ? await deps.db.shareDraft.findFirst({
        where: { id: draftId, platform, workspaceId, userId, expiresAt: { gt: new Date() } },
      })
    : null;
  if (!draft) throw new AppError('gone', 'share.draft_gone', {});
  return draftRequest.parse(draft.request);
}

/** The latest draft that still waits, for somebody who has just connected an account; null where none does. */
export async function findLatestDraft(
  deps: Pick<Deps, 'db'>,
  by: ChatUser,
): Promise<{ draftId: string; request: DraftRequest } | null> {
  const { platform, workspaceId, userId } = by;
  const draft = await deps.db.shareDraft.findFirst({
    where: { platform, workspaceId, userId, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: 'desc' },
  });
  return draft && { draftId: draft.id, request: draftRequest.parse(draft.request) };
}

/** Forgets a draft that its sender does not want. Safe to repeat. */
export async function discardDraft(deps: Pick<Deps, 'db'>, by: ChatUser, draftId: string): Promise<void> {
  if (!isUuid(draftId)) return;
  const { platform, workspaceId, userId } = by;
  await deps.db.shareDraft.deleteMany({ where: { id: draftId, platform, workspaceId, userId } });
}
