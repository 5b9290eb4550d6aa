import { isAppError, WrongBytes } from '../errors.js';
import type { StorageMember } from '../ports.js';
import type { StoredAttachment } from './stored-attachment.js';
import { verifiedBytes } from './verified-bytes.js';

export type CopyState = 'right' | 'wrong' | 'missing' | 'unreachable';

/** Reads one member's copy whole and compares it. `onRead` hears of every chunk's bytes. */
export async function checkCopy(
  member: StorageMember,
  attachment: StoredAttachment,
  onRead: (bytes: number) => void = () => undefined,
): Promise<CopyState> {
  try {
    const { bytes } = await member.open(attachment.storageKey);
    try {
      for await (const chunk of verifiedBytes(bytes, attachment)) onRead(chunk.length);
    } finally {
      bytes.destroy();
    }
    return 'right';
  } catch (error) {
    if (error instanceof WrongBytes) return 'wrong';
    if (!isAppError(error)) throw error;
    return error.kind === 'not_found' ? 'missing' : 'unreachable';
  }
}
