import { AppError } from '../errors.js';
import type { Deps } from '../ports.js';
import { endShare } from './end-share.js';
import { markReady } from './mark-ready.js';
import { remindBeforeExpiry } from './remind.js';
import { markUploaded, receiveWhenComplete } from './upload.js';

type ReconcileDeps = Pick<Deps, 'db' | 'queue' | 'log' | 'timings' | 'files' | 'marks'>;

/** Rows that one step of one run takes at most; the next run goes on. */
const BATCH = 100;

/** Files whose copies are read next to everything else: about 100,000 a day with each worker. */
const SCRUB_BATCH = 20;

/**
 * Finds in Postgres all that a lost job, event or process left lying, and starts it again. Every worker runs
 * it; rows are taken with SKIP LOCKED or conditional updates, so that many may run at once.
 */
export async function reconcile(deps: ReconcileDeps): Promise<void> {
  const failures: unknown[] = [];
  for (const step of STEPS) await step(deps).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Each runs whatever became of the others: storage that is down must not keep a share from expiring. */
const STEPS = [
  findJoinedUploads,
  receiveUploads,
  requeueShares,
  remarkShares,
  remarkMails,
  releaseDeliveries,
  ageSendingDeliveries,
  remindBeforeExpiry,
  expireShares,
  abandonUploads,
  requeueDeletions,
  requeueRepairs,
  scrubCopies,
  reportBacklog,
];

type IdRow = { id: string };

/** Uploads that storage has joined though their row does not say so: the portal died in between. */
async function findJoinedUploads({ db, files, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<{ id: string; uploadId: string; storageKey: string }[]>`
    UPDATE attachment SET checked_at = now() WHERE id IN (
      SELECT a.id FROM attachment a JOIN share s ON s.id = a.share_id
      WHERE s.state = 'AWAITING_UPLOAD' AND a.upload_id IS NOT NULL AND a.uploaded_at IS NULL
        AND coalesce(a.checked_at, s.created_at) < now() - ${timings.remarkAfterMs} * interval '1 ms'
      ORDER BY coalesce(a.checked_at, s.created_at) LIMIT ${BATCH} FOR UPDATE OF a SKIP LOCKED)
    RETURNING id, upload_id AS "uploadId", storage_key AS "storageKey"`;
  for (const { id, uploadId, storageKey } of rows) {
    if (await files.has(storageKey)) await markUploaded(db, id, uploadId);
  }
}

/** Shares whose uploads have all landed, but whose last answer was lost. */
async function receiveUploads(deps: ReconcileDeps): Promise<void> {
  const rows = await deps.db.$queryRaw<IdRow[]>`
    SELECT s.id FROM share s
    WHERE s.state = 'AWAITING_UPLOAD'
      AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.share_id = s.id AND a.uploaded_at IS NULL)
    LIMIT ${BATCH}`;
  for (const { id } of rows) await receiveWhenComplete(deps, id);
}

/** RECEIVED shares that nobody took, and STORING ones whose owner is gone. */
async function requeueShares({ db, queue, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    SELECT id FROM share
    WHERE (state = 'RECEIVED' AND created_at < now() - ${timings.requeueAfterMs} * interval '1 ms')
       OR (state = 'STORING' AND lease_until < now())
    ORDER BY created_at LIMIT ${BATCH}`;
  for (const { id } of rows) await queue.add('store-attachments', { shareId: id });
}

/** READY shares whose mark, or the event that it should have caused, seems lost. */
async function remarkShares(deps: ReconcileDeps): Promise<void> {
  const rows = await deps.db.$queryRaw<IdRow[]>`
    SELECT s.id FROM share s
    WHERE s.state = 'READY' AND s.mail_after <= now()
      AND (s.marked_at IS NULL OR s.marked_at < now() - ${deps.timings.remarkAfterMs} * interval '1 ms')
      AND EXISTS (SELECT 1 FROM delivery d WHERE d.share_id = s.id AND d.state = 'PENDING' AND d.next_at <= now())
    ORDER BY s.mail_after LIMIT ${BATCH}`;
  for (const { id } of rows) await markReady(deps, id);
}

/** Account mails, each with a mark of its own. */
async function remarkMails({ db, marks, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    UPDATE delivery SET marked_at = now() WHERE id IN (
      SELECT id FROM delivery
      WHERE share_id IS NULL AND state = 'PENDING' AND next_at <= now()
        AND coalesce(marked_at, created_at) < now() - ${timings.remarkAfterMs} * interval '1 ms'
      ORDER BY created_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING id`;
  for (const { id } of rows) await marks.markMail(id);
}

/** CLAIMED with a lapsed lease: no call was made, so it may be claimed again. */
async function releaseDeliveries({ db }: ReconcileDeps): Promise<void> {
  await db.$executeRaw`
    UPDATE delivery SET state = 'PENDING', lease_until = NULL, state_at = now()
    WHERE state = 'CLAIMED' AND lease_until < now()`;
}

/** SENDING with a lapsed lease: the mail may have left. Never tried again by itself. */
async function ageSendingDeliveries({ db, log }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<{ share_id: string | null }[]>`
    WITH aged AS (
      UPDATE delivery SET state = 'UNCONFIRMED', error_code = 'lease lapsed', lease_until = NULL, state_at = now()
      WHERE state = 'SENDING' AND lease_until < now() RETURNING share_id
    ), owed AS (
      UPDATE chat_notice n SET owed = owed + 1, next_at = least(next_at, now())
      WHERE n.kind = 'SHARE' AND n.subject_id IN (SELECT share_id FROM aged) RETURNING 1
    ) SELECT share_id FROM aged`;
  if (rows.length > 0) log.warn({ count: rows.length }, 'deliveries unconfirmed');
}

async function expireShares({ db, queue }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    SELECT id FROM share WHERE state = 'READY' AND expires_at <= now() ORDER BY expires_at LIMIT ${BATCH}`;
  for (const { id } of rows) {
    const expired = await db.$transaction((tx) => endShare(tx, id, { state: 'EXPIRED', by: null }));
    if (expired) await queue.add('delete-objects', { shareId: id });
  }
}

/** Shares whose browser never finished its uploads. */
async function abandonUploads({ db, queue, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<(IdRow & { name: string })[]>`
    SELECT s.id, min(a.name) AS name FROM share s JOIN attachment a ON a.share_id = s.id AND a.uploaded_at IS NULL
    WHERE s.state = 'AWAITING_UPLOAD' AND s.created_at < now() - ${timings.abandonedUploadMs} * interval '1 ms'
    GROUP BY s.id LIMIT ${BATCH}`;
  for (const { id, name } of rows) {
    const reason = new AppError('invalid', 'file.upload_missing', { name });
    const end = { state: 'FAILED', from: 'AWAITING_UPLOAD', by: null, reason } as const;
    const ended = await db.$transaction((tx) => endShare(tx, id, end));
    if (ended) await queue.add('delete-objects', { shareId: id });
  }
}

async function requeueDeletions({ db, queue, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    SELECT id FROM share
    WHERE state IN ('FAILED', 'REVOKED', 'EXPIRED') AND objects_deleted_at IS NULL
      AND ended_at < now() - ${timings.requeueAfterMs} * interval '1 ms'
    LIMIT ${BATCH}`;
  for (const { id } of rows) await queue.add('delete-objects', { shareId: id });
}

/** Copies that members of storage owe: again after twice as long each time, an hour at most. */
async function requeueRepairs({ db, queue, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    UPDATE storage_repair SET tries = tries + 1,
      next_at = now() + least(interval '1 hour', ${timings.requeueAfterMs} * interval '1 ms' * power(2, least(tries, 10)))
    WHERE (attachment_id, member) IN (
      SELECT attachment_id, member FROM storage_repair WHERE next_at <= now()
      ORDER BY next_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING attachment_id AS id`;
  for (const id of new Set(rows.map((row) => row.id))) {
    await queue.add('repair-attachment', { attachmentId: id });
  }
}

/** Attachments whose copies have not been read for long enough; those that a lost job forgets, again in an hour. */
async function scrubCopies({ db, queue }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<IdRow[]>`
    UPDATE attachment SET verify_at = now() + interval '1 hour' WHERE id IN (
      SELECT a.id FROM attachment a JOIN share s ON s.id = a.share_id
      WHERE a.state = 'STORED' AND s.state = 'READY' AND a.verify_at <= now()
      ORDER BY a.verify_at LIMIT ${SCRUB_BATCH} FOR UPDATE OF a SKIP LOCKED)
    RETURNING id`;
  for (const { id } of rows) await queue.add('verify-attachment', { attachmentId: id });
}

/** The age of the oldest share that should have moved on: what an operator watches. */
async function reportBacklog({ db, log, timings }: ReconcileDeps): Promise<void> {
  const rows = await db.$queryRaw<{ seconds: number | null }[]>`
    SELECT extract(epoch FROM now() - min(created_at))::int AS seconds FROM share WHERE state IN ('RECEIVED', 'STORING')`;
  const seconds = rows[0]?.seconds ?? 0;
  if (seconds * 1000 > timings.remarkAfterMs) log.warn({ oldestSeconds: seconds }, 'shares are waiting');
}
