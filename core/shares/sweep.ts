import type { Deps } from '../ports.js';
import { MAIL_PREFIX, parseReadyKey, READY_SUFFIX, SHARE_PREFIX } from '../storage-keys.js';

type SweepDeps = Pick<Deps, 'db' | 'files' | 'log' | 'timings'>;

/**
 * Deletes objects that no row points at, left by attempts that another worker overtook, the ready marks of shares that
 * have ended, written as their objects were deleted, and the marks of account mails: only those older than the grace time, so that nothing that is under way loses its own. Also forgets
 * drafts, codes, links to logs, seen files and seen requests past use.
 */
export async function sweep(deps: SweepDeps): Promise<void> {
  const { db } = deps;
  for await (const keys of oldKeys(deps, SHARE_PREFIX)) {
    await deleteOrphans(
      deps,
      keys.filter((key) => !key.endsWith(READY_SUFFIX)),
    );
    await deleteMarks(
      deps,
      keys.filter((key) => key.endsWith(READY_SUFFIX)),
    );
  }
  for await (const keys of oldKeys(deps, MAIL_PREFIX)) {
    for (const key of keys) await deps.files.deleteAll(key);
  }
  await db.$executeRaw`DELETE FROM share_draft WHERE expires_at < now()`;
  await db.$executeRaw`DELETE FROM log_export WHERE expires_at < now()`;
  await db.$executeRaw`DELETE FROM link_code WHERE expires_at < now() - interval '1 day'`;
  await db.$executeRaw`DELETE FROM slack_file_seen WHERE seen_at < now() - interval '1 day'`;
  await db.$executeRaw`DELETE FROM seen_request WHERE seen_at < now() - interval '1 day'`;
}

async function deleteOrphans({ db, files, log }: SweepDeps, keys: readonly string[]): Promise<void> {
  const known = await db.attachment.findMany({
    where: { storageKey: { in: [...keys] }, state: { not: 'DELETED' } },
    select: { storageKey: true },
  });
  const owned = new Set(known.map(({ storageKey }) => storageKey));
  for (const key of keys.filter((each) => !owned.has(each))) {
    await files.deleteAll(key);
    log.warn({ shareId: key.split('/')[1] }, 'orphan object deleted');
  }
}

/** Of shares that have ended, or are not there any more. One that is READY may still have mails to send. */
async function deleteMarks({ db, files }: SweepDeps, keys: readonly string[]): Promise<void> {
  const marks = keys.flatMap((key) => {
    const parsed = parseReadyKey(key);
    return parsed && 'shareId' in parsed ? [{ key, shareId: parsed.shareId }] : [];
  });
  const ready = await db.share.findMany({
    where: { id: { in: marks.map(({ shareId }) => shareId) }, state: 'READY' },
    select: { id: true },
  });
  const kept = new Set(ready.map(({ id }) => id));
  for (const { key, shareId } of marks) if (!kept.has(shareId)) await files.deleteAll(key);
}

/** Keys under a prefix that are past the grace time, a page at a time. */
async function* oldKeys({ files, timings }: SweepDeps, prefix: string): AsyncGenerator<string[]> {
  const before = Date.now() - timings.orphanObjectMs;
  let after: string | undefined;
  do {
    const page = await files.list(prefix, after);
    yield page.objects.filter(({ modifiedAt }) => modifiedAt.getTime() < before).map(({ key }) => key);
    after = page.next;
  } while (after);
}
