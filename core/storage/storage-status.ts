import { randomUUID } from 'node:crypto';
import type { Deps } from '../ports.js';
import { countStored } from './stored-attachment.js';

/** How storage is, for its operator. */
export interface StorageStatus {
  files: number;
  bytes: number;
  members: {
    name: string;
    isReachable: boolean;
    /** Of one answer. */
    answerMs: number;
    /** Copies that it owes. */
    owed: number;
  }[];
  /** Files whose copies are due to be read again. */
  scrubDue: number;
  /** When the copies were last read that were not for the longest time; null where none has been. */
  oldestVerifiedAt: Date | null;
}

export async function getStorageStatus(deps: Pick<Deps, 'members' | 'sql'>): Promise<StorageStatus> {
  const { count: files, bytes } = await countStored(deps.sql);
  const owed = await deps.sql.query<{ member: string; count: number }>(
    'SELECT member, count(*)::int AS count FROM storage_repair GROUP BY member',
  );
  const scrub = await deps.sql.query<{ due: number; oldest: Date | null }>(
    `SELECT count(*) FILTER (WHERE a.verify_at <= now())::int AS due, min(a.verified_at) AS oldest
     FROM attachment a JOIN share s ON s.id = a.share_id WHERE a.state = 'STORED' AND s.state = 'READY'`,
  );
  const members = await Promise.all(
    deps.members.map(async (member) => {
      const startedAt = performance.now();
      const isReachable = await member.sizeOf(`status/${randomUUID()}`).then(
        () => true,
        () => false,
      );
      const count = owed.rows.find((row) => row.member === member.name)?.count ?? 0;
      return { name: member.name, isReachable, answerMs: performance.now() - startedAt, owed: count };
    }),
  );
  const { due = 0, oldest = null } = scrub.rows[0] ?? {};
  return { files, bytes, members, scrubDue: due, oldestVerifiedAt: oldest };
}
