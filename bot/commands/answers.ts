import { phraseOf, type AppError } from '../../core/errors.js';
import { phrase, type Phrase } from '../../core/messages/messages.js';
import type { DraftRequest } from '../../core/shares/share-drafts.js';
import type { Answer } from '../chat.js';

/** What an unconnected person is told; the share itself is kept. */
export function notConnected(draftId: string): Answer {
  return {
    lines: [phrase('chat.not_connected', {})],
    buttons: [
      { label: phrase('button.connect', {}), action: 'connect', id: draftId, style: 'primary' },
      { label: phrase('button.not_now', {}), action: 'dismiss', id: draftId, style: 'plain' },
    ],
  };
}

/** For somebody who wants what only an account has. */
export function connectFirst(): Answer {
  return {
    lines: [phrase('chat.connect_to_use', {})],
    buttons: [{ label: phrase('button.connect', {}), action: 'connect', style: 'primary' }],
    isFinal: true,
  };
}

/** Names the files, so that nothing is mailed unseen. */
export function confirmCard(draftId: string, share: DraftRequest): Answer {
  return {
    title: phrase('chat.confirm_title', { files: share.files.length, people: share.emails.length }),
    lines: [
      ...share.files.map(({ name, sizeBytes }) => phrase('chat.confirm_file', { name, sizeBytes })),
      phrase('chat.confirm_to', { emails: share.emails }),
      ...share.duplicates.map((address) => phrase('chat.listed_twice', { address })),
      phrase('chat.confirm_lifetime', { days: share.lifetimeDays }),
    ],
    buttons: [
      { label: phrase('button.send', {}), action: 'send-draft', id: draftId, style: 'primary' },
      { label: phrase('button.cancel', {}), action: 'discard-draft', id: draftId, style: 'plain' },
    ],
  };
}

/** Wrong addresses, and a form in which they can be mended: files and the rest are kept. */
export function fixCard(problem: AppError, draftId: string): Answer {
  return {
    lines: [sayInChat(problem)],
    buttons: [{ label: phrase('button.fix', {}), action: 'fix', id: draftId, style: 'primary' }],
    isFinal: true,
  };
}

/** What an error says in chat, which has an example of its own. */
export function sayInChat(error: AppError): Phrase {
  return error.code === 'recipients.none' ? phrase('chat.no_recipients', {}) : phraseOf(error);
}

/** After the portal's step: the same person confirms in chat, and is told which account it is. */
export function confirmLinkCard(linkCodeId: string, account: { name: string; email: string }): Answer {
  return {
    lines: [phrase('chat.confirm_link', account)],
    buttons: [
      { label: phrase('button.confirm_link', {}), action: 'confirm-link', id: linkCodeId, style: 'primary' },
      { label: phrase('button.not_me', {}), action: 'refuse-link', id: linkCodeId, style: 'danger' },
    ],
  };
}

/** What help says, with the commands as the platform has them. */
export function help(code: 'chat.help' | 'chat.help_discord' | 'chat.help_terminal' = 'chat.help'): Answer {
  return {
    title: phrase('chat.help_title', {}),
    lines: [phrase(code, {})],
    buttons: [],
    isFinal: true,
  };
}
