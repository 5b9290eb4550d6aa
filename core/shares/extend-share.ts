import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import { oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { getOwnShare } from './own-share.js';
import { LIFETIMES_DAYS } from './share-request.js';
import { findRules, maxLifetimeDaysOf } from './workspace-rules.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What one extension adds. */
const EXTENSION_DAYS = 7;

/** A link never lives longer from now on than the longest that may be asked for. */
const MAX_DAYS = Math.max(...LIFETIMES_DAYS);

/**
 * Lets the links of a share live seven days longer, up to thirty from now, and no longer in all than a rule of its
 * workspace allows. `seenExpiry` is what its sender saw: pressed twice, it is extended once. Safe to repeat.
 * @throws AppError not_found, gone where it has ended, forbidden where a rule allows no more
 */
export async function extendShare(
  deps: Pick<Deps, 'db' | 'log'>,
  accountId: string,
  shareId: string,
  seenExpiry: Date,
): Promise<void> {
  const share = await getOwnShare(deps.db, accountId, shareId);
  if (!['RECEIVED', 'STORING', 'READY'].includes(share.state) || share.expiresAt.getTime() <= Date.now())
    throw new AppError('gone', 'share.ended', {});
  const max = maxLifetimeDaysOf(await findRules(deps.db, share.entrance, share.workspaceIds));
  const latest = max === null ? null : new Date(share.createdAt.getTime() + max * DAY_MS);
  if (max !== null && latest && share.expiresAt >= latest)
    throw new AppError('forbidden', 'rules.extension', { max });
  await deps.db.$transaction(async (tx) => {
    const extended = await tx.$executeRaw`
      UPDATE share SET expires_at = greatest(expires_at, date_trunc('milliseconds', least(
        expires_at + ${EXTENSION_DAYS} * interval '1 day', now() + ${MAX_DAYS} * interval '1 day',
        ${latest}::timestamptz))), reminded_at = NULL
      WHERE id = ${shareId}::uuid AND state IN ('RECEIVED', 'STORING', 'READY')
        AND expires_at > now() AND expires_at = ${seenExpiry}`;
    if (extended === 0) return;
    await recordAudit(tx, { accountId, action: 'share.extended', subjectId: shareId });
    await oweNotice(tx, 'SHARE', shareId);
    deps.log.info({ shareId }, 'share extended');
  });
}
