import type { Prisma } from '../prisma/generated/client.js';
import type { ChatNoticeKind } from '../prisma/generated/enums.js';
import type { Database, Sql } from './ports.js';

/** The Postgres channel on which the bot hears that a chat message is owed. */
export const NOTICE_CHANNEL = 'chat_notice';

/** News that come as messages of their own: who downloaded, what came back, what is about to expire. */
export type NewsKind = Exclude<ChatNoticeKind, 'SHARE' | 'LINK'>;

/**
 * Says that the person in chat behind a share or a link code is owed a new version of the answer; nothing
 * where nobody in chat waits for it. The bot process alone writes to people. A lost signal only delays it.
 */
export async function oweNotice(
  db: Database | Prisma.TransactionClient,
  kind: 'SHARE' | 'LINK',
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

/**
 * Owes news of a share to the person in chat who made it, after `delaySeconds`, in which more of the kind about the same
 * subject joins it; nothing where it was not made in chat.
 */
export async function oweNews(
  db: Database | Prisma.TransactionClient,
  news: { kind: NewsKind; shareId: string; subjectId: string; delaySeconds: number },
): Promise<void> {
  const { kind, shareId, subjectId, delaySeconds } = news;
  await db.$executeRaw`
    WITH owed AS (
      INSERT INTO chat_notice AS n (id, kind, subject_id, platform, workspace_id, team_id, user_id, language, owed, next_at)
      SELECT gen_random_uuid(), ${kind}::chat_notice_kind, ${subjectId}::uuid, platform, workspace_id, team_id, user_id,
             language, 1, now() + ${delaySeconds} * interval '1 s'
      FROM chat_notice WHERE kind = 'SHARE' AND subject_id = ${shareId}::uuid
      ON CONFLICT (kind, subject_id) DO UPDATE SET owed = n.owed + 1,
        next_at = CASE WHEN n.owed > n.sent THEN n.next_at ELSE excluded.next_at END
      RETURNING id
    ) SELECT pg_notify(${NOTICE_CHANNEL}, id::text) FROM owed`;
}

/** News of one mail of a share, from the Lambda. */
export async function oweMailNews(sql: Sql, shareId: string, deliveryId: string): Promise<void> {
  await sql.query(
    `WITH owed AS (
       INSERT INTO chat_notice AS n (id, kind, subject_id, platform, workspace_id, team_id, user_id, language, owed)
       SELECT gen_random_uuid(), 'BOUNCE', $2, platform, workspace_id, team_id, user_id, language, 1
       FROM chat_notice WHERE kind = 'SHARE' AND subject_id = $1
       ON CONFLICT (kind, subject_id) DO UPDATE SET owed = n.owed + 1, next_at = least(n.next_at, now())
       RETURNING id
     ) SELECT pg_notify($3, id::text) FROM owed`,
    [shareId, deliveryId, NOTICE_CHANNEL],
  );
}
