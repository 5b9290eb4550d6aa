import type { Share } from '../../prisma/generated/client.js';
import type { DeliveryState, Entrance, ShareState } from '../../prisma/generated/enums.js';
import type { Database } from '../ports.js';
import { getOwnShare } from './own-share.js';
import { AppError } from '../errors.js';
import { isMessageCode, type Phrase } from '../messages/messages.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';

/** A share as its sender sees it, on the portal and in chat. */
export interface ShareSummary {
  shareId: string;
  state: ShareState;
  entrance: Entrance;
  /** Why it FAILED. */
  failure: Phrase | null;
  message: string | null;
  createdAt: Date;
  expiresAt: Date;
  /** No mail leaves before. */
  mailAfter: Date;
  files: { attachmentId: string; name: string; sizeBytes: number; isStored: boolean }[];
  recipients: {
    recipientId: string;
    email: string;
    isRevoked: boolean;
    delivery: DeliveryState;
    deliveryAt: Date;
    errorCode: string | null;
    /** Deliberate downloads, newest first. */
    downloads: { name: string; at: Date }[];
  }[];
}

export const PAGE_SIZE = 20;

/** One page of an account's history, newest first; hidden shares are left out. */
export async function listShares(
  db: Database,
  accountId: string,
  page = 1,
  pageSize = PAGE_SIZE,
): Promise<{ shares: ShareSummary[]; hasMore: boolean }> {
  const rows = await db.share.findMany({
    where: { accountId, hiddenAt: null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    skip: (page - 1) * pageSize,
    take: pageSize + 1,
    select: { id: true },
  });
  const shares = await summarise(
    db,
    rows.slice(0, pageSize).map(({ id }) => id),
  );
  return { shares, hasMore: rows.length > pageSize };
}

/** One own share. @throws AppError not_found */
export async function getShare(db: Database, accountId: string, shareId: string): Promise<ShareSummary> {
  await getOwnShare(db, accountId, shareId);
  const [summary] = await summarise(db, [shareId]);
  if (!summary) throw new AppError('not_found', 'share.not_found', {});
  return summary;
}

/** Summaries in the order of the ids, whoever owns them: the caller has checked that. */
export async function summarise(db: Database, shareIds: readonly string[]): Promise<ShareSummary[]> {
  const shares = await db.share.findMany({
    where: { id: { in: [...shareIds] } },
    include: {
      attachments: { orderBy: { position: 'asc' } },
      recipients: {
        orderBy: { position: 'asc' },
        include: {
          downloads: { orderBy: { createdAt: 'desc' }, include: { attachment: { select: { name: true } } } },
        },
      },
    },
  });
  const deliveries = await db.delivery.findMany({
    where: { shareId: { in: [...shareIds] }, kind: 'SHARE' },
    orderBy: { attempt: 'asc' },
  });
  const latest = new Map(deliveries.map((delivery) => [delivery.subjectId, delivery]));
  const summaries = new Map(
    shares.map(({ id, attachments, recipients, ...share }) => [
      id,
      {
        shareId: id,
        state: share.state,
        entrance: share.entrance,
        failure: failureOf(share),
        message: share.message,
        createdAt: share.createdAt,
        expiresAt: share.expiresAt,
        mailAfter: share.mailAfter,
        files: attachments.map((file) => ({
          attachmentId: file.id,
          name: file.name,
          sizeBytes: Number(file.sizeBytes),
          isStored: file.state === 'STORED',
        })),
        recipients: recipients.map((recipient) => {
          const delivery = latest.get(recipient.id);
          return {
            recipientId: recipient.id,
            email: recipient.email,
            isRevoked: recipient.revokedAt !== null,
            delivery: delivery?.state ?? 'PENDING',
            deliveryAt: delivery?.stateAt ?? share.createdAt,
            errorCode: delivery?.errorCode ?? null,
            downloads: recipient.downloads.map((download) => ({
              name: download.attachment.name,
              at: download.createdAt,
            })),
          };
        }),
      } satisfies ShareSummary,
    ]),
  );
  return shareIds.flatMap((id) => summaries.get(id) ?? []);
}

/** A code that an older release left behind may have no words any more. */
function failureOf({
  failureCode,
  failureParams,
}: Pick<Share, 'failureCode' | 'failureParams'>): Phrase | null {
  if (!failureCode || !isMessageCode(failureCode)) return null;
  return { code: failureCode, params: failureParams ?? {} } as Phrase;
}

/**
 * Where a sender fetches an own file of a share that has not ended; not counted as a download.
 * @throws AppError not_found, gone, unavailable
 */
export async function signOwnDownload(
  deps: Pick<Deps, 'db' | 'signer'>,
  accountId: string,
  shareId: string,
  attachmentId: string,
): Promise<string> {
  await getOwnShare(deps.db, accountId, shareId);
  const file = isUuid(attachmentId)
    ? await deps.db.attachment.findFirst({
        where: { id: attachmentId, shareId },
        include: { share: true, repairs: true },
      })
    : null;
  if (!file) throw new AppError('not_found', 'share.not_found', {});
  if (file.state === 'DELETED' || hasEnded(file.share)) throw new AppError('gone', 'share.ended', {});
  if (file.state !== 'STORED' || !file.storageKey) throw new AppError('unavailable', 'share.not_ready', {});
  const wrongCopies = file.repairs.map(({ member }) => member);
  const { name, sizeBytes } = file;
  return deps.signer.signDownload(file.storageKey, { name, sizeBytes: Number(sizeBytes) }, wrongCopies);
}

function hasEnded({ state, expiresAt }: Share): boolean {
  return ['FAILED', 'REVOKED', 'EXPIRED'].includes(state) || expiresAt.getTime() <= Date.now();
}
