import type { Prisma } from '../prisma/generated/client.js';
import type { ChatNoticeKind } from '../prisma/generated/enums.js';
import type { Database, Sql } from './ports.js';

/** The Postgres channel on which the bot hears that a chat message is owed. */
export const NOTICE_CHANNEL = 'chat_notice';

/**
 * Says that the person in chat behind a share or a link code is owed a new version of the answer; nothing
 * where nobody in chat waits for it. The bot process alone writes to people. A lost signal only delays it.
 */
export async function oweNotice(
  db: Database | Prisma.TransactionClient,
  kind: ChatNoticeKind,
  subjectId: string,
): Promise<void> {
  await db.$executeRaw`
    WITH owed AS (
      UPDATE chat_notice SET owed = owed + 1, next_at = least(next_at, now())
      WHERE kind = ${kind}::chat_notice_kind AND subject_id = ${subjectId}::uuid RETURNING id
    ) SELECT pg_notify(${NOTICE_CHANNEL}, id::text) FROM owed`;
}

/** The same for a share, from the Lambda, which has no Prisma. */
export async function oweShareNotice(sql: Sql, shareId: string): Promise<void> {
  await sql.query(
    `WITH owed AS (
       UPDATE chat_notice SET owed = owed + 1, next_at = least(next_at, now())
       WHERE kind = 'SHARE' AND subject_id = $1 RETURNING id
     ) SELECT pg_notify($2, id::text) FROM owed`,
    [shareId, NOTICE_CHANNEL],
  );
}
