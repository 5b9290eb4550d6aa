import * as z from 'zod';
import type { ChatUser } from '../identities/chat-user.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import { DRAFT_LIFETIME_MS } from './share-drafts.js';
import type { Governed, RulesForm } from './workspace-rules.js';

const rulesForm = z.object({ domainsText: z.string(), lifetime: z.string(), sizeText: z.string() });

/**
 * Keeps what an administrator typed into the form of a workspace's rules and has to mend, for 30 minutes. It lies
 * among the drafts of shares, below the workspace that it is about. @returns its id
 */
export async function saveRulesDraft(
  deps: Pick<Deps, 'db'>,
  { platform, workspaceId }: Governed,
  { userId }: ChatUser,
  form: RulesForm,
): Promise<string> {
  const expiresAt = new Date(Date.now() + DRAFT_LIFETIME_MS);
  const data = { platform, workspaceId, userId, request: { ...form }, expiresAt };
  return (await deps.db.shareDraft.create({ data })).id;
}

/** What was kept, for the same person and workspace alone; null where nothing of it is left. */
export async function findRulesDraft(
  deps: Pick<Deps, 'db'>,
  { platform, workspaceId }: Governed,
  { userId }: ChatUser,
  draftId: string,
): Promise<RulesForm | null> {
  if (!isUuid(draftId)) return null;
  const own = { id: draftId, platform, workspaceId, userId, expiresAt: { gt: new Date() } };
  const draft = await deps.db.shareDraft.findFirst({ where: own });
  return rulesForm.safeParse(draft?.request).data ?? null;
}
