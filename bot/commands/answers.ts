import type { DeliveryState } from '../../prisma/generated/enums.js';
import { phrase } from '../../core/messages/messages.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import type { DraftRequest } from '../../core/shares/share-drafts.js';
import type { Answer } from '../chat.js';

/** What an unconnected person is told; the share itself is kept. */
export function notConnected(draftId: string): Answer {
  return {
    lines: [phrase('chat.not_connected', {})],
    buttons: [
      { label: phrase('button.connect', {}), action: 'connect', style: 'primary' },
      { label: phrase('button.not_now', {}), action: 'dismiss', id: draftId, style: 'plain' },
    ],
  };
}

/** Names the files, so that nothing is mailed unseen. */
export function confirmCard(
  draftId: string,
  { share }: DraftRequest,
  duplicates: readonly string[] = [],
): Answer {
  return {
    title: phrase('chat.confirm_title', { files: share.files.length, people: share.emails.length }),
    lines: [
      ...share.files.map(({ name, sizeBytes }) => phrase('chat.confirm_file', { name, sizeBytes })),
      phrase('chat.confirm_to', { emails: share.emails }),
      ...duplicates.map((address) => phrase('chat.listed_twice', { address })),
      phrase('chat.confirm_lifetime', { days: share.lifetimeDays }),
    ],
    buttons: [
      { label: phrase('button.send', {}), action: 'send-draft', id: draftId, style: 'primary' },
      { label: phrase('button.cancel', {}), action: 'discard-draft', id: draftId, style: 'plain' },
    ],
  };
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

const UNDER_WAY: ReadonlySet<DeliveryState> = new Set<DeliveryState>(['PENDING', 'CLAIMED', 'SENDING']);

/** Where a share stands: the one answer that is edited through its states. */
export function progress(share: ShareSummary): Answer {
  const names = share.files.map((file) => file.name).join(', ');
  const stored = share.files.filter((file) => file.isStored).length;
  switch (share.state) {
    case 'AWAITING_UPLOAD':
    case 'RECEIVED':
      return { lines: [phrase('chat.queued', { names })], buttons: [] };
    case 'STORING':
      return { lines: [phrase('chat.copying', { names, stored, files: share.files.length })], buttons: [] };
    case 'FAILED':
      return { lines: [share.failure ?? phrase('chat.failed', { names })], buttons: [], isFinal: true };
    case 'REVOKED':
      return { lines: [phrase('chat.revoked', { names })], buttons: [], isFinal: true };
    case 'EXPIRED':
      return { lines: [phrase('chat.expired', { names })], buttons: [], isFinal: true };
    case 'READY':
      return ready(share, names);
  }
}

function ready(share: ShareSummary, names: string): Answer {
  const bytes = share.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const isFinal = share.recipients.every(({ delivery }) => !UNDER_WAY.has(delivery));
  const people = share.recipients.length;
  return {
    title: isFinal
      ? phrase('chat.sent', { names, bytes, people, expiresAt: share.expiresAt })
      : phrase('chat.sending', { names, people }),
    lines: share.recipients.map(({ email, isRevoked, delivery, downloads }) => {
      const state = isRevoked ? 'CANCELLED' : delivery;
      return phrase('chat.recipient', { email, state, downloads: downloads.length });
    }),
    buttons: [],
    isFinal,
  };
}
