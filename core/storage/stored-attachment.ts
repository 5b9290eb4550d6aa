import type { Sql } from '../ports.js';

/** An attachment whose bytes are known: what every copy of it must be. */
export interface StoredAttachment {
  attachmentId: string;
  shareId: string;
  storageKey: string;
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

const COLUMNS = `a.id AS "attachmentId", a.share_id AS "shareId", a.storage_key AS "storageKey",
  a.size_bytes::float8 AS "sizeBytes", a.sha256
  FROM attachment a JOIN share s ON s.id = a.share_id
  WHERE a.state = 'STORED' AND s.state IN ('STORING', 'RECEIVED', 'READY')`;

/** null where it is not stored, or its share has ended: its copies then go, and are no longer looked after. */
export async function findStored(sql: Sql, attachmentId: string): Promise<StoredAttachment | null> {
  const { rows } = await sql.query<StoredAttachment>(`SELECT ${COLUMNS} AND a.id = $1`, [attachmentId]);
  return rows[0] ?? null;
}

/** Of one share. */
export async function listStoredOf(sql: Sql, shareId: string): Promise<StoredAttachment[]> {
  const text = `SELECT ${COLUMNS} AND a.share_id = $1 ORDER BY a.position`;
  return (await sql.query<StoredAttachment>(text, [shareId])).rows;
}

const PAGE = 200;

/** All of them, or those alone whose copies are due to be read, a page at a time. */
export async function* eachStored(
  sql: Sql,
  { isDueOnly = false }: { isDueOnly?: boolean } = {},
): AsyncGenerator<StoredAttachment> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const text = `SELECT ${COLUMNS} AND a.id > $1 AND (NOT $2 OR a.verify_at <= now()) ORDER BY a.id LIMIT ${PAGE}`;
    const { rows } = await sql.query<StoredAttachment>(text, [after, isDueOnly]);
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.attachmentId;
  }
}

/** How much there is: what a progress bar runs to. */
export async function countStored(sql: Sql): Promise<{ count: number; bytes: number }> {
  const { rows } = await sql.query<{ count: number; bytes: number }>(
    `SELECT count(*)::int AS count, coalesce(sum("sizeBytes"), 0)::float8 AS bytes FROM (SELECT ${COLUMNS}) AS stored`,
  );
  return rows[0] ?? { count: 0, bytes: 0 };
}
