import { Readable } from 'node:stream';
import type { ReadyMarks, StorageMember } from '../core/ports.js';
import { mailReadyKey, shareReadyKey } from '../core/storage-keys.js';
import type { MemberHealth } from './member-health.js';

/**
 * Empty objects whose creation has the Lambda send mail, with the first member that takes them: the events of every
 * member reach it. Writing one again asks again.
 */
export function createS3ReadyMarks(members: readonly StorageMember[], health: MemberHealth): ReadyMarks {
  const mark = (key: string): Promise<void> =>
    health.firstOf(members, (member, signal) =>
      member.put(key, Readable.from([]), 0, { replaces: true, signal }),
    );
  return {
    markShare: (shareId) => mark(shareReadyKey(shareId)),
    markMail: (deliveryId) => mark(mailReadyKey(deliveryId)),
  };
}
