import { html, type Html } from '../../core/html.js';
import { text } from '../../core/messages/messages.js';
import type { ShareSummary } from '../../core/shares/list-shares.js';
import type { DeliveryState, ShareState } from '../../prisma/generated/enums.js';
import { time } from './time.js';

/** A state in words: `tone` is its colour, `help` what it means and what to do; it ends with the time `at` (ISO 8601), if any. */
export interface Status {
  label: string;
  tone: 'good' | 'busy' | 'warn' | 'bad' | 'quiet';
  help: string;
  at?: string;
}

type Recipient = ShareSummary['recipients'][number];

const SHARE: Readonly<Record<ShareState, Status>> = {
  AWAITING_UPLOAD: {
    label: 'Uploading',
    tone: 'busy',
    help: 'Not all files have arrived. Keep the page that uploads them open; nothing is mailed until they have.',
  },
  RECEIVED: { label: 'Accepted', tone: 'busy', help: 'The files are about to be stored.' },
  STORING: {
    label: 'Storing',
    tone: 'busy',
    help: 'The files are being stored and checked. The mails leave next.',
  },
  READY: { label: 'Available', tone: 'good', help: '' },
  FAILED: { label: 'Failed', tone: 'bad', help: 'The files could not be stored. Nothing was sent.' },
  REVOKED: { label: 'Withdrawn', tone: 'quiet', help: 'The links no longer work and the files are gone.' },
  EXPIRED: { label: 'Expired', tone: 'quiet', help: 'The links ran out and the files are gone.' },
};

const DELIVERY: Readonly<Record<DeliveryState, Status>> = {
  PENDING: { label: 'Waiting', tone: 'busy', help: 'The mail leaves as soon as the files are stored.' },
  CLAIMED: { label: 'Sending', tone: 'busy', help: 'The mail is about to leave.' },
  SENDING: { label: 'Sending', tone: 'busy', help: 'The mail is being handed over.' },
  SENT: { label: 'Sent', tone: 'good', help: 'The mail has left; we have not heard yet whether it arrived.' },
  DELIVERED: { label: 'Delivered', tone: 'good', help: 'The mail server of the recipient took it.' },
  BOUNCED: {
    label: 'Bounced',
    tone: 'bad',
    help: 'The mail came back. Look for a typo, or copy the link and pass it on another way.',
  },
  COMPLAINED: { label: 'Marked as spam', tone: 'bad', help: 'The recipient marked the mail as spam.' },
  UNCONFIRMED: {
    label: 'Not confirmed',
    tone: 'warn',
    help: 'The connection broke at the one instant when the mail may or may not have left. We wait a quarter of an hour for Amazon to tell; after that you can send it again.',
  },
  FAILED: { label: 'Not sent', tone: 'bad', help: 'The mail service refused the mail.' },
  CANCELLED: { label: 'Not sent', tone: 'quiet', help: 'It was withdrawn before the mail left.' },
  SUPPRESSED: {
    label: 'Not delivered',
    tone: 'bad',
    help: 'The mail could not be delivered to this address.',
  },
};

/** Why a mail was CANCELLED, where it was not its sender who withdrew it. */
const CANCELLED_BY: Readonly<Partial<Record<ShareState, string>>> = {
  FAILED: 'The share failed before the mail left.',
  EXPIRED: 'The share expired before the mail left.',
};

const UNSETTLED: readonly (ShareState | DeliveryState)[] = [
  'AWAITING_UPLOAD',
  'RECEIVED',
  'STORING',
  'PENDING',
  'CLAIMED',
  'SENDING',
  'SENT',
  'UNCONFIRMED',
];

/** What the page of one share asks for again and again until `isSettled`. */
export interface ShareStatuses {
  isSettled: boolean;
  share: Status;
  /** By recipient id. */
  recipients: Record<string, Status>;
  /** Ids of the recipients whose mail can be sent again now. */
  resendable: readonly string[];
}

export function shareStatuses(share: ShareSummary, resendable: readonly string[]): ShareStatuses {
  const isLive = UNSETTLED.includes(share.state) || share.state === 'READY';
  const isWaiting =
    UNSETTLED.includes(share.state) || share.recipients.some((one) => UNSETTLED.includes(one.delivery));
  return {
    isSettled: !isLive || !isWaiting,
    share: shareStatus(share),
    recipients: Object.fromEntries(
      share.recipients.map((one) => [one.recipientId, recipientStatus(one, share.state)]),
    ),
    resendable,
  };
}

export function shareStatus(share: ShareSummary): Status {
  if (share.state === 'READY') return { ...SHARE.READY, help: 'Until', at: share.expiresAt.toISOString() };
  const status = SHARE[share.state];
  return share.failure ? { ...status, help: text(share.failure.code, share.failure.params) } : status;
}

/** A withdrawn link and a download say more than what became of the mail. */
export function recipientStatus(
  { isRevoked, delivery, downloads }: Recipient,
  shareState: ShareState,
): Status {
  if (isRevoked) return { label: 'Withdrawn', tone: 'quiet', help: 'This link no longer works.' };
  const [latest] = downloads;
  if (!latest) {
    const status = DELIVERY[delivery];
    return delivery === 'CANCELLED' ? { ...status, help: CANCELLED_BY[shareState] ?? status.help } : status;
  }
  const times = downloads.length === 1 ? 'once, on' : `${downloads.length} times, last on`;
  return {
    label: 'Downloaded',
    tone: 'good',
    help: `Downloaded ${times}`,
    at: latest.at.toISOString(),
  };
}

/** What a state means, with its time. */
export function statusHelp({ help, at }: Status): Html {
  return at ? html`${help} ${time(new Date(at))}.` : html`${help}`;
}

/** A word in a coloured shape; the word alone says it all. */
export function badge({ label, tone }: Status): Html {
  return html`<span class="badge ${tone}">${label}</span>`;
}
