import type { Deps } from '../ports.js';
import { READY_SUFFIX } from '../storage-keys.js';

/**
 * Deletes objects that no row points at: left by attempts that another worker overtook. Only those older than
 * the grace time, so that no running attempt loses its own. Also forgets drafts, codes and seen files past use.
 */
export async function sweep(deps: Pick<Deps, 'db' | 'files' | 'log' | 'timings'>): Promise<void> {
  const { db, files, log, timings } = deps;
  const before = Date.now() - timings.orphanObjectMs;
  let after: string | undefined;
  do {
    const page = await files.list('shares/', after);
    const old = page.objects.filter(
      ({ key, modifiedAt }) => modifiedAt.getTime() < before && !key.endsWith(READY_SUFFIX),
    );
    const known = await db.attachment.findMany({
      where: { storageKey: { in: old.map(({ key }) => key) }, state: { not: 'DELETED' } },
      select: { storageKey: true },
    });
    const keys = new Set(known.map(({ storageKey }) => storageKey));
    for (const { key } of old.filter((object) => !keys.has(object.key))) {
      await files.deleteAll(key);
      log.warn({ shareId: key.split('/')[1] }, 'orphan object deleted');
    }
    after = page.next;
  } while (after);
  await db.$executeRaw`DELETE FROM share_draft WHERE expires_at < now()`;
  await db.$executeRaw`DELETE FROM link_code WHERE expires_at < now() - interval '1 day'`;
  await db.$executeRaw`DELETE FROM slack_file_seen WHERE seen_at < now() - interval '1 day'`;
}
