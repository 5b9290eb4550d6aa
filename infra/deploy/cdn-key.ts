import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SECRETS } from '../names.js';
import type { Cloud } from './cloud.js';

export interface CdnKey {
  publicKey: string;
  /** Set where the pair is new, and still has to be kept. */
  newPrivateKey: string | null;
}

/**
 * The pair that downloads are signed with: CloudFront is told the one half, the portal reads the other from its
 * secret. Made once; CloudFormation itself can make no such pair.
 */
export async function findCdnKey(cloud: Pick<Cloud, 'readSecret'>): Promise<CdnKey> {
  const secret = await cloud.readSecret(SECRETS.cdn);
  const { CDN_PRIVATE_KEY: kept } = JSON.parse(secret ?? '{}') as { CDN_PRIVATE_KEY?: string };
  if (kept) return { publicKey: publicHalf(kept), newPrivateKey: null };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { publicKey: publicHalf(text), newPrivateKey: text };
}

/** After the secret was made, and before anything signs. */
export async function keepCdnKey(
  cloud: Pick<Cloud, 'writeSecret'>,
  { newPrivateKey }: CdnKey,
): Promise<void> {
  if (newPrivateKey === null) return;
  await cloud.writeSecret(SECRETS.cdn, JSON.stringify({ CDN_PRIVATE_KEY: newPrivateKey }));
}

function publicHalf(privateKey: string): string {
  return createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}
