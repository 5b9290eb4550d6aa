import type { Share } from '../../prisma/generated/client.js';
import { AppError } from '../errors.js';
import type { Database } from '../ports.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An account's own share. @throws AppError not_found for anybody else's, a hidden or an unknown one */
export async function getOwnShare(db: Database, accountId: string, shareId: string): Promise<Share> {
  const share = UUID.test(shareId) ? await db.share.findFirst({ where: { id: shareId, accountId, hiddenAt: null } }) : null;
  if (!share) throw new AppError('not_found', 'share.not_found', {});
  return share;
}
