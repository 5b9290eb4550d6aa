import type { Prisma } from '../../prisma/generated/client.js';
import type { DeliveryKind } from '../../prisma/generated/enums.js';
import type { Deps, ReadyMarks } from '../ports.js';

/** At most this many mails about one thing to one account in an hour: asking again and again mails nobody more. */
const MAX_AN_HOUR = 3;

/** What the account's owner has to hear each time. */
const UNLIMITED_TOPIC = 'chat-connected';

export type OweMailDeps = Pick<Deps, 'db' | 'log'> & { marks: Pick<ReadyMarks, 'markMail'> };

/** One mail to an account; a NOTICE has a topic. */
export interface AccountMail {
  kind: DeliveryKind;
  accountId: string;
  email: string;
  topic?: string;
}

/**
 * Owes an account one mail: the row, then its mark. Silently nothing once the account had three of the kind and topic
 * within an hour.
 */
export async function oweMail(deps: OweMailDeps, mail: AccountMail): Promise<void> {
  const deliveryId = await deps.db.$transaction((tx) => addMail(tx, mail));
  if (deliveryId) await markMail(deps, deliveryId);
}

/** The row alone, for a transaction that the mail tells of; `markMail` follows its COMMIT. @returns null at the limit */
export async function addMail(tx: Prisma.TransactionClient, mail: AccountMail): Promise<string | null> {
  const { kind, accountId: subjectId, email, topic = null } = mail;
  // One after the other, so that mails at once neither take the same attempt nor pass the limit.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`mail:${subjectId}`}, 0))`;
  const rows = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO delivery (id, kind, subject_id, attempt, topic, email, marked_at)
    SELECT gen_random_uuid(), ${kind}::delivery_kind, ${subjectId}::uuid, coalesce(max(attempt), 0) + 1, ${topic}, ${email}, now()
    FROM delivery WHERE kind = ${kind}::delivery_kind AND subject_id = ${subjectId}::uuid
    HAVING ${topic === UNLIMITED_TOPIC} OR count(*) FILTER (
      WHERE topic IS NOT DISTINCT FROM ${topic} AND created_at > now() - interval '1 hour') < ${MAX_AN_HOUR}
    RETURNING id`;
  return rows[0]?.id ?? null;
}

/** Writes the mark that starts the Lambda. Where it cannot be written now, the reconciler writes it. */
export async function markMail({ marks, log }: OweMailDeps, deliveryId: string): Promise<void> {
  try {
    await marks.markMail(deliveryId);
  } catch (error) {
    log.warn({ deliveryId, err: error }, 'ready mark not written; the reconciler will');
  }
}
