import { AppError } from '../errors.js';
import { recordAudit } from '../audit.js';
import { oweNews, oweNotice } from '../notices.js';
import type { Deps } from '../ports.js';
import { isUuid } from '../uuid.js';
import { readToken } from './tokens.js';

/** What a recipient sees behind a link. */
export type OpenedLink =
  | {
      state: 'open';
      recipientId: string;
      shareId: string;
      senderName: string;
      senderEmail: string;
      message: string | null;
      expiresAt: Date;
      files: {
        attachmentId: string;
        name: string;
        sizeBytes: number;
        sha256: string | null;
        downloads: number;
      }[];
    }
  /** The link was genuine, and the share merely ran out: the sender may be asked for another. */
  | { state: 'expired'; senderName: string; senderEmail: string };

/** So long downloads of a share gather before their sender is told in chat. */
const BATCH_SECONDS = 30;

type LinkDeps = Pick<Deps, 'db' | 'linkSecrets'>;

/**
 * What is behind a recipient's link. Changes nothing, so that mail scanners may look.
 * @throws AppError not_found, the same for every link that is wrong, revoked or not yet ready
 */
export async function openLink(deps: LinkDeps, token: string): Promise<OpenedLink> {
  const recipientId = readToken(deps.linkSecrets, 'link', token);
  const recipient =
    recipientId &&
    (await deps.db.recipient.findUnique({
      where: { id: recipientId },
      include: {
        share: { include: { account: true, attachments: { orderBy: { position: 'asc' } } } },
        downloads: { select: { attachmentId: true } },
      },
    }));
  if (!recipient || recipient.revokedAt) throw deadLink();
  const { share, downloads } = recipient;
  const sender = {
    senderName: `${share.account.firstName} ${share.account.lastName}`,
    senderEmail: share.account.email,
  };
  const isPast = share.expiresAt.getTime() <= Date.now();
  if (share.state === 'EXPIRED' || (share.state === 'READY' && isPast))
    return { state: 'expired', ...sender };
  if (share.state !== 'READY') throw deadLink();
  return {
    state: 'open',
    ...sender,
    recipientId: recipient.id,
    shareId: share.id,
    message: share.message,
    expiresAt: share.expiresAt,
    files: share.attachments.map(({ id, name, sizeBytes, sha256 }) => ({
      attachmentId: id,
      name,
      sizeBytes: Number(sizeBytes),
      sha256,
      downloads: downloads.filter((download) => download.attachmentId === id).length,
    })),
  };
}

/**
 * Counts one download and says where its bytes are, for a minute or so. One statement decides, and holds the
 * rows that a revoke changes: a download that had to wait for anything is refused where a revoke came first.
 * @throws AppError not_found as openLink
 */
export async function startDownload(
  deps: LinkDeps & Pick<Deps, 'signer' | 'log'>,
  token: string,
  attachmentId: string,
): Promise<string> {
  const recipientId = readToken(deps.linkSecrets, 'link', token);
  if (!recipientId || !isUuid(attachmentId)) throw deadLink();
  const rows = await deps.db.$queryRaw<DownloadRow[]>`
    WITH allowed AS (
      SELECT a.id AS attachment_id, r.id AS recipient_id
      FROM recipient r JOIN share s ON s.id = r.share_id JOIN attachment a ON a.share_id = s.id
      WHERE r.id = ${recipientId}::uuid AND a.id = ${attachmentId}::uuid AND a.state = 'STORED'
        AND r.revoked_at IS NULL AND s.state = 'READY' AND s.expires_at > now()
      FOR SHARE OF r, s
    ), counted AS (
      INSERT INTO download (id, attachment_id, recipient_id)
      SELECT gen_random_uuid(), attachment_id, recipient_id FROM allowed
      RETURNING attachment_id
    )
    SELECT a.share_id AS "shareId", a.storage_key AS "storageKey", a.name, a.size_bytes AS "sizeBytes",
           ARRAY(SELECT member FROM storage_repair WHERE attachment_id = a.id) AS "wrongCopies",
           NOT EXISTS (SELECT 1 FROM download d WHERE d.attachment_id = a.id AND d.recipient_id = ${recipientId}::uuid) AS "isFirst",
           (SELECT tells_downloads FROM account JOIN share ON share.account_id = account.id WHERE share.id = a.share_id) AS "isTold"
    FROM counted JOIN attachment a ON a.id = counted.attachment_id`;
  const file = rows[0];
  if (!file) throw deadLink();
  await recordAudit(deps.db, { accountId: null, action: 'file.downloaded', subjectId: attachmentId });
  await oweNotice(deps.db, 'SHARE', file.shareId);
  if (file.isFirst && file.isTold) {
    const { shareId } = file;
    await oweNews(deps.db, { kind: 'DOWNLOADS', shareId, subjectId: shareId, delaySeconds: BATCH_SECONDS });
  }
  deps.log.info({ shareId: file.shareId }, 'download started');
  const { storageKey, name, sizeBytes, wrongCopies } = file;
  return deps.signer.signDownload(storageKey, { name, sizeBytes: Number(sizeBytes) }, wrongCopies);
}

interface DownloadRow {
  /** Of this file by this recipient. */
  isFirst: boolean;
  /** Whether the sender wants to hear of downloads. */
  isTold: boolean;
  shareId: string;
  storageKey: string;
  name: string;
  sizeBytes: bigint;
  /** Members of storage that owe a copy. */
  wrongCopies: string[];
}

/** Who sent the share behind a link, whatever became of it since. @throws AppError not_found for a wrong link alone */
export async function getSender(
  deps: LinkDeps,
  token: string,
): Promise<{ senderName: string; senderEmail: string }> {
  const recipientId = readToken(deps.linkSecrets, 'link', token);
  const recipient =
    recipientId &&
    (await deps.db.recipient.findUnique({
      where: { id: recipientId },
      select: { share: { select: { account: true } } },
    }));
  if (!recipient) throw deadLink();
  const { firstName, lastName, email } = recipient.share.account;
  return { senderName: `${firstName} ${lastName}`, senderEmail: email };
}

/** Records that a recipient finds a share abusive, for the operator. @throws AppError not_found as getSender */
export async function reportShare(deps: LinkDeps & Pick<Deps, 'log'>, token: string): Promise<void> {
  const recipientId = readToken(deps.linkSecrets, 'link', token);
  const recipient = recipientId && (await deps.db.recipient.findUnique({ where: { id: recipientId } }));
  if (!recipient) throw deadLink();
  await recordAudit(deps.db, { accountId: null, action: 'share.reported', subjectId: recipient.shareId });
  deps.log.warn({ shareId: recipient.shareId }, 'share reported as abuse');
}

function deadLink(): AppError {
  return new AppError('not_found', 'page.dead_link', {});
}
