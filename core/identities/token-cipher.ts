import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Keys of 32 bytes for tokens at rest: the first encrypts, all decrypt, so that a key can be rotated. */
export type TokenKeys = readonly [Buffer, ...Buffer[]];

/**
 * Encrypts a token for one place in the database (`installation:T123:bot`): moved to another row, it cannot be read.
 * @returns `<key id>.<nonce, ciphertext and tag in base64url>`
 */
export function encryptToken([key]: TokenKeys, place: string, token: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${keyId(key)}.${sealed.toString('base64url')}`;
}

/** Decrypts what was encrypted for this place. @throws Error where the key is unknown or anything was changed */
export function decryptToken(keys: TokenKeys, place: string, text: string): string {
  const [id, sealed = ''] = text.split('.', 2);
  const key = keys.find((known) => keyId(known) === id);
  if (!key) throw new Error('the key of a token is not among the keys');
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('an encrypted token was cut short');
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(place))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}

/** Which key it was, without saying anything about the key. */
function keyId(key: Buffer): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 8);
}
