import { languageOf, type Language } from '../messages/messages.js';
import type { Deps } from '../ports.js';

/** How long a share may be undone, in seconds. */
export const UNDO_CHOICES = [0, 10, 60] as const;

/** How somebody wants to share from chat, on every platform alike. */
export interface ChatSettings {
  /** Null follows the platform. */
  language: Language | null;
  /** Whether what was typed is shown once more before it is sent. */
  confirmsShares: boolean;
  undoSeconds: number;
  /** Whether downloads are told. */
  tellsDownloads: boolean;
}

/** An account's settings for chat. */
export async function getChatSettings(deps: Pick<Deps, 'db'>, accountId: string): Promise<ChatSettings> {
  const account = await deps.db.account.findUniqueOrThrow({
    where: { id: accountId },
    select: { language: true, confirmsShares: true, undoSeconds: true, tellsDownloads: true },
  });
  return { ...account, language: languageOf(account.language) };
}

/** Changes some of them. Safe to repeat. */
export async function changeChatSettings(
  deps: Pick<Deps, 'db'>,
  accountId: string,
  change: Partial<ChatSettings>,
): Promise<ChatSettings> {
  await deps.db.account.update({ where: { id: accountId }, data: change });
  return getChatSettings(deps, accountId);
}
