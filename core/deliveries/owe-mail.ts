import type { DeliveryKind } from '../../prisma/generated/enums.js';
import type { Deps, ReadyMarks } from '../ports.js';

/** At most this many mails of one kind to one account in an hour: asking again and again mails nobody more. */
const MAX_AN_HOUR = 3;

export type OweMailDeps = Pick<Deps, 'db' | 'log'> & { marks: Pick<ReadyMarks, 'markMail'> };

/**
 * Owes an account one mail: the row, then its mark, which starts the Lambda. Where the mark cannot be written
 * now, the reconciler writes it. Silently nothing once the account had three of the kind within an hour.
 */
export async function oweMail(
  deps: OweMailDeps,
  mail: { kind: DeliveryKind; accountId: string; email: string; topic?: string },
): Promise<void> {
  const { kind, accountId: subjectId, email, topic = null } = mail;
  const rows = await deps.db.$queryRaw<{ id: string }[]>`
    INSERT INTO delivery (id, kind, subject_id, attempt, topic, email, marked_at)
    SELECT gen_random_uuid(), ${kind}::delivery_kind, ${subjectId}::uuid, coalesce(max(attempt), 0) + 1, ${topic}, ${email}, now()
    FROM delivery WHERE kind = ${kind}::delivery_kind AND subject_id = ${subjectId}::uuid
    HAVING count(*) FILTER (WHERE created_at > now() - interval '1 hour') < ${MAX_AN_HOUR}
    ON CONFLICT DO NOTHING
    RETURNING id`;
  const deliveryId = rows[0]?.id;
  if (!deliveryId) return;
  try {
    await deps.marks.markMail(deliveryId);
  } catch (error) {
    deps.log.warn({ deliveryId, err: error }, 'ready mark not written; the reconciler will');
  }
}
