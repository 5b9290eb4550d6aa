import type { DeliveryState } from '../../prisma/generated/enums.js';
import { formatBytes, formatDate } from '../../core/messages/format.js';
import { text } from '../../core/messages/messages.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import type { DraftRequest } from '../../core/shares/share-drafts.js';
import type { Answer } from '../chat.js';

/** What an unconnected person is told; the share itself is kept. */
export function notConnected(draftId: string): Answer {
  return {
    lines: [text('chat.not_connected', {})],
    buttons: [
      { label: text('button.connect', {}), action: 'connect', style: 'primary' },
      { label: text('button.not_now', {}), action: 'dismiss', id: draftId, style: 'plain' },
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
    title: text('chat.confirm_title', { files: share.files.length, people: share.emails.length }),
    lines: [
      ...share.files.map((file) => `• ${file.name} (${formatBytes(file.sizeBytes)})`),
      text('chat.confirm_to', { emails: share.emails }),
      ...duplicates.map((address) => text('chat.listed_twice', { address })),
      text('chat.confirm_lifetime', { days: share.lifetimeDays }),
    ],
    buttons: [
      { label: text('button.send', {}), action: 'send-draft', id: draftId, style: 'primary' },
      { label: text('button.cancel', {}), action: 'discard-draft', id: draftId, style: 'plain' },
    ],
  };
}

/** After the portal's step: the same person confirms in chat, and is told which account it is. */
export function confirmLinkCard(linkCodeId: string, account: { name: string; email: string }): Answer {
  return {
    lines: [text('chat.confirm_link', account)],
    buttons: [
      { label: text('button.confirm_link', {}), action: 'confirm-link', id: linkCodeId, style: 'primary' },
      { label: text('button.not_me', {}), action: 'refuse-link', id: linkCodeId, style: 'danger' },
    ],
  };
}

/** What help says, with the commands as the platform has them. */
export function help(code: 'chat.help' | 'chat.help_discord' | 'chat.help_terminal' = 'chat.help'): Answer {
  return {
    title: text('chat.help_title', {}),
    lines: text(code, {}).split('\n'),
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
      return { lines: [text('chat.queued', { names })], buttons: [] };
    case 'STORING':
      return { lines: [text('chat.copying', { names, stored, files: share.files.length })], buttons: [] };
    case 'FAILED':
      return { lines: [share.failureDetail ?? text('chat.failed', { names })], buttons: [], isFinal: true };
    case 'REVOKED':
      return { lines: [text('chat.revoked', { names })], buttons: [], isFinal: true };
    case 'EXPIRED':
      return { lines: [text('chat.expired', { names })], buttons: [], isFinal: true };
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
      ? text('chat.sent', { names, bytes, people, expiry: formatDate(share.expiresAt, 'day') })
      : text('chat.sending', { names, people }),
    lines: share.recipients.map((recipient) => {
      const state = recipient.isRevoked ? 'CANCELLED' : recipient.delivery;
      return `• ${recipient.email} — ${text('chat.delivery', { state, downloads: recipient.downloads.length })}`;
    }),
    buttons: [],
    isFinal,
  };
}
