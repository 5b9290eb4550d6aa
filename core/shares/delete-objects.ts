import type { Deps } from '../ports.js';
import { sharePrefix } from '../storage-keys.js';

/** Removes every object of a share that has ended, and says so in its rows. Safe to repeat. */
export async function deleteObjects(
  deps: Pick<Deps, 'db' | 'files' | 'log'>,
  shareId: string,
): Promise<void> {
  const ended = await deps.db.share.findFirst({
    where: { id: shareId, state: { in: ['FAILED', 'REVOKED', 'EXPIRED'] } },
  });
  if (!ended) return;
  await deps.files.deleteAll(sharePrefix(shareId));
  await deps.db.$transaction([
    deps.db.attachment.updateMany({ where: { shareId }, data: { state: 'DELETED' } }),
    deps.db.storageRepair.deleteMany({ where: { attachment: { shareId } } }),
    deps.db.share.update({ where: { id: shareId }, data: { objectsDeletedAt: new Date() } }),
  ]);
  deps.log.info({ shareId }, 'objects deleted');
}
