import { AppError } from '../errors.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import { mintToken } from './tokens.js';

/**
 * One recipient's link, for its sender to pass on by other means. @throws AppError not_found for anybody else's,
 * gone where it does not work any more
 */
export async function getOwnLink(
  deps: Pick<Deps, 'db' | 'linkSecrets'>,
  portalUrl: string,
  accountId: string,
  recipientId: string,
): Promise<{ email: string; url: string }> {
  const recipient = isUuid(recipientId)
    ? await deps.db.recipient.findFirst({
        where: { id: recipientId, share: { accountId, hiddenAt: null } },
        include: { share: { select: { state: true, expiresAt: true } } },
      })
    : null;
  if (!recipient) throw new AppError('not_found', 'share.not_found', {});
  const { email, revokedAt, share } = recipient;
  if (revokedAt || share.state !== 'READY' || share.expiresAt.getTime() <= Date.now())
    throw new AppError('gone', 'share.ended', {});
  return { email, url: `${portalUrl}/l/${mintToken(deps.linkSecrets, 'link', recipientId)}` };
}
