import { phrase, type Phrase } from '../../core/messages/messages.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import type { Answer, Button } from '../chat.js';

type Recipient = ShareSummary['recipients'][number];

const UNDER_WAY: ReadonlySet<DeliveryState> = new Set<DeliveryState>(['PENDING', 'CLAIMED', 'SENDING']);

/** What the mail service took, and never gave back. */
const HAS_LEFT: ReadonlySet<DeliveryState> = new Set<DeliveryState>(['SENT', 'DELIVERED', 'COMPLAINED']);

/** Where a share stands: the one answer that is edited through its states. */
export function progress(share: ShareSummary): Answer {
  const names = namesOf(share);
  const files = share.files.length;
  switch (share.state) {
    case 'AWAITING_UPLOAD':
    case 'RECEIVED':
      return { lines: [phrase('chat.queued', { names })], buttons: [revokeButton(share)] };
    case 'STORING': {
      const stored = share.files.filter((file) => file.isStored).length;
      return { lines: [phrase('chat.copying', { names, stored, files })], buttons: [revokeButton(share)] };
    }
    case 'FAILED':
      return { lines: [share.failure ?? phrase('chat.failed', { names })], buttons: [], isFinal: true };
    case 'REVOKED': {
      const code = isUnsent(share) ? 'chat.undone' : 'chat.revoked';
      return { lines: [phrase(code, { names })], buttons: [], isFinal: true };
    }
    case 'EXPIRED':
      return { lines: [phrase('chat.expired', { names })], buttons: [], isFinal: true };
    case 'READY':
      return ready(share);
  }
}

/** One line for each recipient: what became of the mail, or how often it was downloaded. */
export function recipientLines({ recipients }: ShareSummary): Phrase[] {
  return recipients.map(({ email, isRevoked, delivery, downloads }) => {
    const state = isRevoked ? 'CANCELLED' : delivery;
    return phrase('chat.recipient', { email, state, downloads: downloads.length });
  });
}

/** Undo while nothing has left, Revoke afterwards: both end the share. */
export function revokeButton(share: ShareSummary): Button {
  const code = isUnsent(share) ? 'button.undo' : 'button.revoke';
  return { label: phrase(code, {}), action: 'revoke', id: share.shareId, style: 'danger' };
}

export function namesOf({ files }: ShareSummary): string {
  return files.map((file) => file.name).join(', ');
}

function ready(share: ShareSummary): Answer {
  const isFinal = share.recipients.every(({ delivery }) => !UNDER_WAY.has(delivery));
  const details: Button = {
    label: phrase('button.details', {}),
    action: 'show',
    id: share.shareId,
    style: 'plain',
  };
  return {
    title: isFinal ? sent(share) : sending(share),
    lines: recipientLines(share),
    buttons: isFinal ? [details, revokeButton(share)] : [revokeButton(share)],
    isFinal,
  };
}

function sending(share: ShareSummary): Phrase {
  const seconds = Math.ceil((share.mailAfter.getTime() - Date.now()) / 1000);
  const told = { names: namesOf(share), people: share.recipients.length };
  return seconds > 0 ? phrase('chat.sending_in', { ...told, seconds }) : phrase('chat.sending', told);
}

/** Says how many were really sent to: a mail may have come back, or never left. */
function sent(share: ShareSummary): Phrase {
  const { expiresAt, recipients } = share;
  const names = namesOf(share);
  const bytes = share.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const people = recipients.filter(wasSent).length;
  if (people === 0) return phrase('chat.sent_to_nobody', { names });
  return people === recipients.length
    ? phrase('chat.sent', { names, bytes, people, expiresAt })
    : phrase('chat.sent_to_some', { names, bytes, people, of: recipients.length, expiresAt });
}

function wasSent({ delivery, downloads }: Recipient): boolean {
  return HAS_LEFT.has(delivery) || downloads.length > 0;
}

function isUnsent({ recipients }: ShareSummary): boolean {
  return recipients.every(({ delivery }) => ['PENDING', 'CLAIMED', 'CANCELLED'].includes(delivery));
}
