import { createHash } from 'node:crypto';
import { WrongBytes } from '../errors.js';
import type { StoredAttachment } from './stored-attachment.js';

/**
 * The bytes as they come, the last of them only once all are known to be those that were stored: whoever writes a
 * whole object, or none, never writes wrong ones. @throws WrongBytes
 */
export async function* verifiedBytes(
  bytes: AsyncIterable<Buffer>,
  expected: Pick<StoredAttachment, 'sizeBytes' | 'sha256'>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let held: Buffer | undefined;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    if (sizeBytes > expected.sizeBytes) break;
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (sizeBytes !== expected.sizeBytes || hash.digest('hex') !== expected.sha256) {
    throw new WrongBytes('the SHA-256 is not the one that was recorded');
  }
  if (held) yield held;
}
