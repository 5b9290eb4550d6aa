import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LinkSecrets } from '../ports.js';

/** What a token opens: each purpose is signed apart, so that none can stand in for another. */
export type TokenPurpose = 'link' | 'confirm-address' | 'reset-password' | 'connect-chat' | 'workspace-log';

const TOKEN = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** `<id>.<HMAC-SHA-256>` in base64url: nothing secret is stored, and the same id always gives the same token. */
export function mintToken(secrets: LinkSecrets, purpose: TokenPurpose, id: string): string {
  return signId(secrets[0], purpose, id);
}

/** The id that a token was minted for; null for anything else. Compares in constant time, with every secret. */
export function readToken(secrets: LinkSecrets, purpose: TokenPurpose, token: string): string | null {
  const [, encoded] = TOKEN.exec(token) ?? [];
  if (!encoded) return null;
  const id = decodeId(encoded);
  // The whole text is compared: the same bytes have several spellings in base64url, and one alone is genuine.
  const given = Buffer.from(token);
  const genuine = secrets.map((secret) => timingSafeEqual(Buffer.from(signId(secret, purpose, id)), given));
  return genuine.includes(true) ? id : null;
}

function signId(secret: string, purpose: TokenPurpose, id: string): string {
  const signature = createHmac('sha256', secret).update(`${purpose}:${id}`).digest('base64url');
  return `${encodeId(id)}.${signature}`;
}

function encodeId(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

function decodeId(encoded: string): string {
  const hex = Buffer.from(encoded, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
