import { isAppError, phraseOf } from '../../core/errors.js';
import { findIdentity } from '../../core/identities/link-codes.js';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import { createShare } from '../../core/shares/create-share.js';
import { cleanFileName } from '../../core/shares/file-name.js';
import { parseRecipients, requireRecipients } from '../../core/shares/recipients.js';
import {
  discardDraft,
  findLatestDraft,
  getDraft,
  saveDraft,
  type DraftRequest,
} from '../../core/shares/share-drafts.js';
import { checkFiles, DEFAULT_LIFETIME_DAYS } from '../../core/shares/share-request.js';
import type { Answer, BotDeps, ChatShare, CommandResult } from '../chat.js';
import { phrase } from '../../core/messages/messages.js';
import { confirmCard, notConnected } from './answers.js';

/**
 * `/share`: checks what was asked for, then sends it, asks for Send where the files were picked for the person,
 * or keeps it for 30 minutes where no account is connected yet.
 * @throws AppError what a person has to mend, or `limit`, `forbidden`
 */
export async function share(deps: BotDeps, wish: ChatShare): Promise<CommandResult> {
  const parsed = parseRecipients(wish.emailsText);
  const emails = requireRecipients(parsed);
  const files = wish.files.map((file) => ({
    ...file,
    name: cleanFileName(file.name),
    contentType: file.contentType ?? 'application/octet-stream',
  }));
  checkFiles(files, deps.limits.maxFileBytes);
  const request: DraftRequest = {
    share: {
      entrance: wish.entrance,
      emails,
      files,
      message: wish.message ?? '',
      lifetimeDays: wish.lifetimeDays ?? DEFAULT_LIFETIME_DAYS,
    },
    needsConfirmation: wish.needsConfirmation,
  };
  const identity = await findIdentity(deps, wish.person);
  if (!identity) {
    return notConnected(await saveDraft(deps, wish.person, request));
  }
  if (wish.needsConfirmation) {
    return confirmCard(await saveDraft(deps, wish.person, request), request, parsed.duplicates);
  }
  await createShare(deps, identity.accountId, { ...request.share, requestKey: wish.requestKey }, wish.reply);
  return null;
}

/** Send on the confirm card. Pressed twice, it is one share: the draft is the request key. @throws AppError gone, as share */
export async function sendDraft(
  deps: BotDeps,
  person: ChatProfile,
  draftId: string,
  reply?: ChatReply,
): Promise<CommandResult> {
  const draft = await getDraft(deps, person, draftId);
  const identity = await findIdentity(deps, person);
  if (!identity) return notConnected(draftId);
  await createShare(deps, identity.accountId, { ...draft.share, requestKey: `draft:${draftId}` }, reply);
  return null;
}

/** Cancel on the confirm card, or Not now: a share that was declined is not resumed by connecting later. */
export async function cancelDraft(
  deps: BotDeps,
  person: ChatProfile,
  draftId: string,
): Promise<CommandResult> {
  // Pressed after Send: the share's own answer says where it stands.
  if (await deps.db.share.findUnique({ where: { requestKey: `draft:${draftId}` }, select: { id: true } }))
    return null;
  await discardDraft(deps, person, draftId);
  return { lines: [phrase('chat.cancelled', {})], buttons: [], isFinal: true };
}

/** Goes on with what somebody wanted before the account was connected; null where nothing waits. */
export async function resumeDraft(
  deps: BotDeps,
  person: ChatProfile,
  reply?: ChatReply,
): Promise<CommandResult | 'nothing'> {
  const waiting = await findLatestDraft(deps, person);
  if (!waiting) return 'nothing';
  const { draftId, request } = waiting;
  return request.needsConfirmation ? confirmCard(draftId, request) : sendDraft(deps, person, draftId, reply);
}

/** A refusal as an answer in chat; anything unexpected gets a reference that is in the log. */
export function explain(deps: Pick<BotDeps, 'log'>, error: unknown, reference: string): Answer {
  if (isAppError(error)) {
    const isChoosable = error.code === 'file.none';
    return {
      lines: [error.code === 'recipients.none' ? phrase('chat.no_recipients', {}) : phraseOf(error)],
      buttons: isChoosable
        ? [{ label: phrase('button.choose_files', {}), action: 'choose-files', style: 'primary' }]
        : [],
      isFinal: true,
    };
  }
  deps.log.error({ err: error, reference }, 'command failed');
  return { lines: [phrase('chat.unexpected', { reference })], buttons: [], isFinal: true };
}
