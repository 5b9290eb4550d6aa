import type { Share } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import type { Database } from '../ports.js';
import { isUuid } from '../uuid.js';

/** An account's own share. @throws AppError not_found for anybody else's, a hidden or an unknown one */
export async function getOwnShare(db: Database, accountId: string, shareId: string): Promise<Share> {
  const share = isUuid(shareId)
    ? await db.share.findFirst({ where: { id: shareId, accountId, hiddenAt: null } })
    : null;
  if (!share) throw new AppError('not_found', 'share.not_found', {});
  return share;
}
