import type { UsageKind } from '../../prisma/generated/enums.js';
import type { Database } from '../ports.js';

/** One month (`2026-11`, UTC) of an account's ledger. */
export interface Statement {
  month: string;
  lines: StatementLine[];
  totals: { shares: number; files: number; bytes: number; emails: number };
}

export interface StatementLine {
  at: Date;
  kind: UsageKind;
  shareId: string;
  fileNames: string[];
  bytes: number;
  recipients: string[];
}

/** The months of which there are lines, newest first. */
export async function listMonths(db: Database, accountId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ month: string }[]>`
    SELECT DISTINCT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month
    FROM usage_record WHERE account_id = ${accountId}::uuid ORDER BY month DESC`;
  return rows.map(({ month }) => month);
}

/** What an account is charged for a month; a REVERSAL takes its share out of the totals again. */
export async function getStatement(db: Database, accountId: string, month: string): Promise<Statement> {
  const from = new Date(`${month}-01T00:00:00Z`);
  const to = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1));
  const records = await db.usageRecord.findMany({
    where: { accountId, createdAt: { gte: from, lt: to } },
    orderBy: { createdAt: 'desc' },
  });
  const totals = { shares: 0, files: 0, bytes: 0, emails: 0 };
  for (const { kind, fileNames, recipients, bytes } of records) {
    const sign = SIGNS[kind];
    totals.shares += sign;
    totals.files += sign * fileNames.length;
    totals.emails += sign * recipients.length;
    totals.bytes += Number(bytes);
  }
  return {
    month,
    totals,
    lines: records.map(({ createdAt, bytes, kind, shareId, fileNames, recipients }) => {
      return { at: createdAt, bytes: Number(bytes), kind, shareId, fileNames, recipients };
    }),
  };
}

/** How a line counts towards shares, files and e-mails; its bytes carry their own sign. */
const SIGNS: Readonly<Record<UsageKind, number>> = { SHARE: 1, CORRECTION: 0, REVERSAL: -1 };
