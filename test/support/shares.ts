import { createHash, randomUUID } from 'node:crypto';
import type { Database, Limits } from '../../core/ports.js';
import { createShare } from '../../core/shares/create-share.js';
import type { ShareRequest } from '../../core/shares/share-request.js';
import { fakeLog, fakeQueue, limits } from './fakes.js';

type RequestFile = ShareRequest['files'][number];

/** A file in Slack. */
export function slackFile(name: string, bytes: Buffer | number, fileId = 'F1'): RequestFile {
  const sizeBytes = typeof bytes === 'number' ? bytes : bytes.length;
  return { name, sizeBytes, source: { kind: 'slack', teamId: 'T1', workspaceId: 'T1', fileId } };
}

/** A file that a browser is about to upload. */
export function uploadFile(name: string, sizeBytes: number): RequestFile {
  return { name, sizeBytes, source: { kind: 'upload' } };
}

/** One Slack file of five bytes to one person, unless told otherwise. */
export function shareRequest(changes: Partial<ShareRequest> = {}): ShareRequest {
  return {
    entrance: 'SLACK',
    requestKey: `slack:${randomUUID()}`,
    emails: ['bob@example.com'],
    files: [slackFile('plan.pdf', 5)],
    ...changes,
  };
}

/** Accepts a share. @returns its id */
export async function acceptShare(
  db: Database,
  accountId: string,
  changes: Partial<ShareRequest> = {},
  ownLimits: Limits = limits,
): Promise<string> {
  const deps = { db, queue: fakeQueue(), log: fakeLog(), limits: ownLimits };
  return (await createShare(deps, accountId, shareRequest(changes))).shareId;
}

/** A share whose files are stored and whose mails may leave, made without the worker. @returns its id */
export async function readyShare(
  db: Database,
  accountId: string,
  changes: Partial<ShareRequest> = {},
): Promise<string> {
  const shareId = await acceptShare(db, accountId, changes);
  await storeShare(db, shareId);
  return shareId;
}

/** What the worker does once it has all bytes of a share. */
export async function storeShare(db: Database, shareId: string): Promise<void> {
  for (const { id } of await db.attachment.findMany({ where: { shareId } })) {
    const storageKey = `shares/${shareId}/${randomUUID().replaceAll('-', '')}`;
    const sha256 = createHash('sha256').update(id).digest('hex');
    await db.attachment.update({ where: { id }, data: { state: 'STORED', storageKey, sha256 } });
  }
  await db.share.update({ where: { id: shareId }, data: { state: 'READY', readyAt: new Date() } });
}
