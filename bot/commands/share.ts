import { isAppError, withReference, type AppError } from '../../core/errors.js';
import { getChatSettings, type ChatSettings } from '../../core/accounts/chat-settings.js';
import { findIdentity } from '../../core/identities/link-codes.js';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import { createShare } from '../../core/shares/create-share.js';
import { cleanFileName } from '../../core/shares/file-name.js';
import { findRecipientsProblem, parseRecipients, requireRecipients } from '../../core/shares/recipients.js';
import {
  discardDraft,
  draftRequestKey,
  findWaitingDraft,
  returnDraft,
  saveDraft,
  takeDraft,
  type DraftRequest,
} from '../../core/shares/share-drafts.js';
import { checkFiles } from '../../core/shares/share-request.js';
import { checkRules, defaultLifetimeDays, findRules } from '../../core/shares/workspace-rules.js';
import type { Answer, BotDeps, ChatShare, CommandResult } from '../chat.js';
import { phrase } from '../../core/messages/messages.js';
import { confirmCard, fixCard, notConnected, sayInChat } from './answers.js';

const PICKED_UNDO_SECONDS = 10;

/**
 * `/share`: checks what was asked for, then sends it, asks for Send where the person has not seen all of it,
 * or keeps it for 30 minutes where no account is connected yet.
 * @throws AppError what a person has to mend, or `limit`, `forbidden`
 */
export async function share(deps: BotDeps, wish: ChatShare): Promise<CommandResult> {
  const parsed = parseRecipients(wish.emailsText);
  const files = wish.files.map((file) => ({
    ...file,
    name: cleanFileName(file.name),
    contentType: file.contentType ?? 'application/octet-stream',
  }));
  checkFiles(files, deps.limits);
  const rules = await findRules(deps.db, wish.entrance, wish.places);
  const kept = {
    entrance: wish.entrance,
    files,
    message: wish.message ?? '',
    lifetimeDays: wish.lifetimeDays ?? defaultLifetimeDays(rules),
  };
  const places = [...wish.places];
  const problem = findRecipientsProblem(parsed) ?? findRefusedAddress(rules, { ...kept, ...parsed });
  // Only where somebody is there to press it.
  if (problem && wish.reply) {
    const mend: DraftRequest = { ...kept, emails: [], duplicates: [], emailsText: wish.emailsText, places };
    return fixCard(problem, await saveDraft(deps, wish.person, mend));
  }
  const request = { ...kept, emails: requireRecipients(parsed) };
  checkRules(rules, request);
  const draft: DraftRequest = { ...request, duplicates: parsed.duplicates, emailsText: '', places };
  const identity = await findIdentity(deps, wish.person);
  if (!identity) return notConnected(await saveDraft(deps, wish.person, draft));
  const settings = await getChatSettings(deps, identity.accountId);
  if (settings.confirmsShares && wish.review !== 'done') {
    return confirmCard(await saveDraft(deps, wish.person, draft), draft);
  }
  await createShare(
    deps,
    identity.accountId,
    { ...request, requestKey: wish.requestKey },
    { reply: wish.reply, undoSeconds: wish.reply ? undoTime(wish, settings) : 0, places },
  );
  return null;
}

/** A rule's refusal that other addresses would mend. @throws AppError any other refusal by a rule */
function findRefusedAddress(
  rules: Parameters<typeof checkRules>[0],
  request: Parameters<typeof checkRules>[1],
): AppError | null {
  try {
    checkRules(rules, request);
    return null;
  } catch (error) {
    if (isAppError(error) && error.code === 'rules.domain') return error;
    throw error;
  }
}

/** Nothing is mailed unseen: files that were picked for the person are named some time before. */
function undoTime({ review }: ChatShare, { undoSeconds }: ChatSettings): number {
  return review === 'picked' ? Math.max(undoSeconds, PICKED_UNDO_SECONDS) : undoSeconds;
}

/** Send on the confirm card. Pressed twice, it is one share: the draft is the request key. @throws AppError gone, as share */
export async function sendDraft(
  deps: BotDeps,
  person: ChatProfile,
  draftId: string,
  reply?: ChatReply,
): Promise<CommandResult> {
  const identity = await findIdentity(deps, person);
  if (!identity) return notConnected(draftId);
  const { duplicates: _, emailsText: __, places, ...draft } = await takeDraft(deps, person, draftId);
  try {
    const request = { ...draft, requestKey: draftRequestKey(draftId) };
    // The confirm card has been the time to think it over.
    await createShare(deps, identity.accountId, request, { reply, places });
    return null;
  } catch (error) {
    await returnDraft(deps, draftId);
    throw error;
  }
}

/** Cancel on the confirm card, or Not now: a share that was declined is not resumed by connecting later. */
export async function cancelDraft(
  deps: BotDeps,
  person: ChatProfile,
  draftId: string,
): Promise<CommandResult> {
  // Pressed after Send: the share's own answer says where it stands.
  if (!(await discardDraft(deps, person, draftId))) return null;
  return { lines: [phrase('chat.cancelled', {})], buttons: [], isFinal: true };
}

/** Goes on with what somebody wanted before the account was connected; null where nothing waits. */
export async function resumeDraft(
  deps: BotDeps,
  person: ChatProfile,
  draftId?: string,
): Promise<Answer | null> {
  const waiting = await findWaitingDraft(deps, person, draftId);
  // It is shown again: minutes have passed, and the account is a new one here.
  return waiting && confirmCard(waiting.draftId, waiting.request);
}

/** A refusal as an answer in chat; anything unexpected gets a reference that is in the log. */
export function explain(deps: Pick<BotDeps, 'log'>, error: unknown, reference: string): Answer {
  if (isAppError(error)) {
    if (error.kind === 'unavailable') {
      // The message may name a file; the cause says what was out of reach.
      const fields = { err: error.cause, code: error.code, reference };
      deps.log.warn(fields, 'command not possible at the moment');
    }
    const isChoosable = error.code === 'file.none';
    return {
      lines: [sayInChat(withReference(error, reference))],
      buttons: isChoosable
        ? [{ label: phrase('button.choose_files', {}), action: 'choose-files', style: 'primary' }]
        : [],
      isFinal: true,
    };
  }
  deps.log.error({ err: error, reference }, 'command failed');
  return { lines: [phrase('chat.unexpected', { reference })], buttons: [], isFinal: true };
}
