import type { Prisma } from '../prisma/generated/client.js';
import type { Database } from './ports.js';

export type AuditAction =
  | 'account.registered'
  | 'account.confirmed'
  | 'account.password_reset'
  | 'session.started'
  | 'session.refused'
  | 'identity.linked'
  | 'identity.unlinked'
  | 'share.created'
  | 'share.revoked'
  | 'share.deleted'
  | 'share.extended'
  | 'share.failed'
  | 'share.expired'
  | 'share.reported'
  | 'recipient.revoked'
  | 'delivery.resent'
  | 'file.downloaded';

/** Adds one line to the append-only record of who did what. Ids only: no address, name or token. */
export async function recordAudit(
  db: Database | Prisma.TransactionClient,
  event: { accountId: string | null; action: AuditAction; subjectId?: string },
): Promise<void> {
  await db.auditEvent.create({ data: event });
}
