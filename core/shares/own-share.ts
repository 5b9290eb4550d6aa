import type { Share } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import type { Database } from '../ports.js';
import { isUuid } from '../uuid.js';

/** An account's own share. @throws AppError not_found for anybody else's, an unknown or, unless told, a hidden one */
export async function getOwnShare(
  db: Database,
  accountId: string,
  shareId: string,
  { orHidden = false } = {},
): Promise<Share> {
  const visible = orHidden ? {} : { hiddenAt: null };
  const share = isUuid(shareId)
    ? await db.share.findFirst({ where: { id: shareId, accountId, ...visible } })
    : null;
  if (!share) throw new AppError('not_found', 'share.not_found', {});
  return share;
}
