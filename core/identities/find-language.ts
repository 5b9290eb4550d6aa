import { languageOf, type Language } from '../messages/messages.js';
import type { Deps } from '../ports.js';
import type { ChatUser } from './chat-user.js';

/**
 * What somebody in chat reads: the language that the account asks for, else the platform's (a tag such as `de` or
 * `pt-BR`), else English. Never throws: where Postgres is away, the command itself says so, in this language.
 */
export async function findLanguage(
  deps: Pick<Deps, 'db'>,
  { platform, workspaceId, userId }: ChatUser,
  platformTag?: string,
): Promise<Language> {
  const identity = await deps.db.chatIdentity
    .findUnique({
      where: { platform_workspaceId_userId: { platform, workspaceId, userId } },
      select: { account: { select: { language: true } } },
    })
    .catch(() => null);
  return languageOf(identity?.account.language) ?? languageOf(platformTag) ?? 'en';
}
