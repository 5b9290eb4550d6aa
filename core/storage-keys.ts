import { randomBytes } from 'node:crypto';

/** Where shares keep their objects, and account mails their marks. */
export const SHARE_PREFIX = 'shares/';
export const MAIL_PREFIX = 'mails/';

/** Keys that end so start the Lambda. */
export const READY_SUFFIX = '/ready';

/** Prefix of everything that a share keeps in storage. */
export function sharePrefix(shareId: string): string {
  return `${SHARE_PREFIX}${shareId}/`;
}

/** A new key for one attachment's bytes: 128 random bits, so that no attempt meets an earlier one. */
export function newObjectKey(shareId: string): string {
  return sharePrefix(shareId) + randomBytes(16).toString('hex');
}

/** The empty object whose creation has a share's mails sent. */
export function shareReadyKey(shareId: string): string {
  return sharePrefix(shareId).slice(0, -1) + READY_SUFFIX;
}

/** The empty object whose creation has one account mail sent. */
export function mailReadyKey(deliveryId: string): string {
  return `${MAIL_PREFIX}${deliveryId}${READY_SUFFIX}`;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const READY_KEY = new RegExp(`^(shares|mails)/(${UUID})${READY_SUFFIX}$`);

/** What a ready mark asks for; null for any other key. */
export function parseReadyKey(key: string): { shareId: string } | { deliveryId: string } | null {
  const match = READY_KEY.exec(key);
  if (!match?.[2]) return null;
  return match[1] === 'shares' ? { shareId: match[2] } : { deliveryId: match[2] };
}
