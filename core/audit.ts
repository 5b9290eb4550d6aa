import type { Prisma } from '../prisma/generated/client.js';
import type { Database, Sql } from './ports.js';

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
  | 'recipient.changed'
  | 'delivery.resent'
  | 'delivery.bounced'
  | 'delivery.complained'
  | 'account.paused'
  | 'file.downloaded'
  | 'workspace.rules_changed'
  | 'workspace.exported';

export interface AuditEvent {
  accountId: string | null;
  action: AuditAction;
  subjectId?: string;
}

/** Adds one line to the append-only record of who did what. Ids only: no address, name or token. */
export async function recordAudit(db: Database | Prisma.TransactionClient, event: AuditEvent): Promise<void> {
  await db.auditEvent.create({ data: event });
}

/** The same from a Lambda, which has no Prisma. */
export async function recordAuditBySql(
  sql: Sql,
  { accountId, action, subjectId }: AuditEvent,
): Promise<void> {
  await sql.query(
    `INSERT INTO audit_event (id, account_id, action, subject_id) VALUES (gen_random_uuid(), $1, $2, $3)`,
    [accountId, action, subjectId ?? null],
  );
}
