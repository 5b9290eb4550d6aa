import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oweMail } from '../../../core/deliveries/owe-mail.js';
import { reconcile } from '../../../core/shares/reconcile.js';
import type { DeliveryState } from '../../../prisma/generated/enums.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFiles, fakeLog, fakeMarks, fakeQueue, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare, uploadFile } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let queue: ReturnType<typeof fakeQueue>;
let marks: ReturnType<typeof fakeMarks>;
let files: ReturnType<typeof fakeFiles>;
let log: ReturnType<typeof fakeLog>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  await database.db
    .$executeRaw`UPDATE share SET state = 'REVOKED', ended_at = now(), objects_deleted_at = now()`;
  await database.db.delivery.deleteMany();
  accountId = (await createAccount(database.db)).id;
  queue = fakeQueue();
  marks = fakeMarks();
  files = fakeFiles();
  log = fakeLog();
});

const run = () => reconcile({ db: database.db, queue, marks, files, log, timings });
const uploads = { entrance: 'PORTAL' as const, files: [uploadFile('a', 5), uploadFile('b', 5)] };

/** Moves the times of a share back. */
async function age(shareId: string, seconds: number): Promise<void> {
  await database.db.$executeRaw`
    UPDATE share SET created_at = created_at - ${seconds} * interval '1 s', mail_after = mail_after - ${seconds} * interval '1 s',
      marked_at = marked_at - ${seconds} * interval '1 s', lease_until = lease_until - ${seconds} * interval '1 s',
      ended_at = ended_at - ${seconds} * interval '1 s' WHERE id = ${shareId}::uuid`;
}

const stateOf = async (shareId: string) =>
  (await database.db.share.findUniqueOrThrow({ where: { id: shareId } })).state;

describe('the reconciler', () => {
  test('does nothing where nothing is lost', async () => {
    await acceptShare(database.db, accountId);
    await acceptShare(database.db, accountId, uploads);
    const ready = await readyShare(database.db, accountId);
    await database.db.share.update({ where: { id: ready }, data: { markedAt: new Date() } });
    await run();
    expect(queue.jobs).toEqual([]);
    expect(marks.shares).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  test('queues a received share again that nobody took, and reports how long it waits', async () => {
    const shareId = await acceptShare(database.db, accountId);
    await age(shareId, 200);
    await run();
    expect(queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId } }]);
    expect(log.lines).toMatchObject([{ level: 'warn', message: 'shares are waiting' }]);
  });

  test('queues a share again whose owner is gone, and leaves one whose owner lives', async () => {
    const shareId = await acceptShare(database.db, accountId);
    const leaseUntil = new Date(Date.now() + 60_000);
    await database.db.share.update({ where: { id: shareId }, data: { state: 'STORING', leaseUntil } });
    await run();
    expect(queue.jobs).toEqual([]);
    await age(shareId, 61);
    await run();
    expect(queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId } }]);
  });

  test('receives a share whose uploads have all landed', async () => {
    const shareId = await acceptShare(database.db, accountId, uploads);
    await database.db.attachment.updateMany({
      where: { shareId, position: 0 },
      data: { uploadedAt: new Date() },
    });
    await run();
    expect(await stateOf(shareId)).toBe('AWAITING_UPLOAD');
    await database.db.attachment.updateMany({ where: { shareId }, data: { uploadedAt: new Date() } });
    await run();
    expect(await stateOf(shareId)).toBe('RECEIVED');
    expect(queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId } }]);
  });

  describe('of an upload whose portal died as storage joined it', () => {
    const begun = async (): Promise<{ shareId: string; storageKeys: string[] }> => {
      const shareId = await acceptShare(database.db, accountId, uploads);
      const attachments = await database.db.attachment.findMany({ where: { shareId } });
      const storageKeys = attachments.map(({ id }) => `shares/${shareId}/${id}`);
      for (const [index, { id }] of attachments.entries()) {
        const data = { uploadId: `upload ${index}`, storageKey: storageKeys[index] ?? null };
        await database.db.attachment.update({ where: { id }, data });
      }
      return { shareId, storageKeys };
    };
    const join = (storageKey = '') =>
      files.objects.set(storageKey, { bytes: Buffer.from('abcde'), modifiedAt: new Date() });

    test('finds the object and receives the share', async () => {
      const { shareId, storageKeys } = await begun();
      storageKeys.forEach(join);
      await run();
      expect(await stateOf(shareId), 'a portal may still be about to say so').toBe('AWAITING_UPLOAD');
      await age(shareId, 121);
      await run();
      expect(await stateOf(shareId)).toBe('RECEIVED');
      expect(await database.db.attachment.findMany({ where: { shareId } })).toMatchObject(
        storageKeys.map(() => ({ uploadedAt: expect.any(Date) as Date })),
      );
      expect(queue.jobs).toContainEqual({ name: 'store-attachments', payload: { shareId } });
    });

    test('waits for the uploads that still run, and looks again every two minutes', async () => {
      const { shareId, storageKeys } = await begun();
      join(storageKeys[0]);
      await age(shareId, 121);
      await run();
      expect(await stateOf(shareId)).toBe('AWAITING_UPLOAD');
      join(storageKeys[1]);
      await run();
      expect(await stateOf(shareId)).toBe('AWAITING_UPLOAD');
      await database.db.$executeRaw`
        UPDATE attachment SET checked_at = checked_at - interval '121 s' WHERE share_id = ${shareId}::uuid`;
      await run();
      expect(await stateOf(shareId)).toBe('RECEIVED');
    });

    test('leaves one alone that was aborted as it looked', async () => {
      const { shareId, storageKeys } = await begun();
      storageKeys.forEach(join);
      await age(shareId, 121);
      const has = files.has.bind(files);
      files.has = async (key) => {
        const data = { uploadId: null, storageKey: null };
        await database.db.attachment.updateMany({ where: { shareId }, data });
        return has(key);
      };
      await run();
      expect(await stateOf(shareId)).toBe('AWAITING_UPLOAD');
    });
  });

  test('gives up a share whose browser never came back within a day', async () => {
    const shareId = await acceptShare(database.db, accountId, uploads);
    await age(shareId, 23 * 3600);
    await run();
    expect(await stateOf(shareId)).toBe('AWAITING_UPLOAD');
    await age(shareId, 2 * 3600);
    await run();
    const share = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    expect(share).toMatchObject({ state: 'FAILED', failureCode: 'file.upload_missing' });
    expect(share.failureParams).toEqual({ name: expect.any(String) as string });
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
    expect(await database.db.quota.findUnique({ where: { accountId } })).toMatchObject({ usedBytes: 0n });
    expect(await database.db.usageRecord.count({ where: { shareId, kind: 'REVERSAL' } })).toBe(1);
  });

  test('marks a ready share that was never marked at once, and one without effect after two minutes', async () => {
    const shareId = await readyShare(database.db, accountId);
    await run();
    expect(marks.shares).toEqual([shareId]);
    await run();
    expect(marks.shares).toEqual([shareId]);
    await age(shareId, 121);
    await run();
    expect(marks.shares).toEqual([shareId, shareId]);
  });

  test('marks no share whose mails have all left, wait for their turn, or whose undo time runs', async () => {
    const { db } = database;
    const sent = await readyShare(db, accountId);
    await db.delivery.updateMany({ where: { shareId: sent }, data: { state: 'SENT' } });
    const later = await readyShare(db, accountId);
    await db.delivery.updateMany({
      where: { shareId: later },
      data: { nextAt: new Date(Date.now() + 60_000) },
    });
    const undo = await readyShare(db, accountId);
    await db.share.update({ where: { id: undo }, data: { mailAfter: new Date(Date.now() + 60_000) } });
    await run();
    expect(marks.shares).toEqual([]);
    await age(undo, 61);
    await run();
    expect(marks.shares).toEqual([undo]);
  });

  test('marks an account mail again that has not left after two minutes', async () => {
    const deps = { db: database.db, marks, log };
    await oweMail(deps, { kind: 'CONFIRM_ADDRESS', accountId, email: 'a@x.org' });
    const [deliveryId] = marks.mails;
    await run();
    expect(marks.mails).toEqual([deliveryId]);
    await database.db
      .$executeRaw`UPDATE delivery SET marked_at = now() - interval '121 s', created_at = now() - interval '121 s'`;
    await run();
    await run();
    expect(marks.mails).toEqual([deliveryId, deliveryId]);
  });

  test.each<[DeliveryState, DeliveryState]>([
    ['CLAIMED', 'PENDING'],
    ['SENDING', 'UNCONFIRMED'],
  ])('moves a mail in %s with a lapsed lease to %s, and no other', async (from, to) => {
    const { db } = database;
    const shareId = await readyShare(db, accountId, { emails: ['a@x.org b@x.org'] });
    await db.share.update({ where: { id: shareId }, data: { markedAt: new Date() } });
    await db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    const [lapsed, held] = await db.delivery.findMany({ where: { shareId } });
    const until = (ms: number) => ({ state: from, fence: 3, leaseUntil: new Date(Date.now() + ms) });
    await db.delivery.update({ where: { id: lapsed?.id ?? '' }, data: until(-1_000) });
    await db.delivery.update({ where: { id: held?.id ?? '' }, data: until(60_000) });
    await run();
    const states = await db.delivery.findMany({ where: { shareId } });
    expect(states.find(({ id }) => id === lapsed?.id)).toMatchObject({
      state: to,
      leaseUntil: null,
      fence: 3,
    });
    expect(states.find(({ id }) => id === held?.id)).toMatchObject({ state: from });
    const notice = await db.chatNotice.findFirstOrThrow({ where: { subjectId: shareId } });
    expect(notice.owed).toBe(to === 'UNCONFIRMED' ? 1 : 0);
  });

  test('expires a share past its time, cancels its mails, and has its objects deleted', async () => {
    const shareId = await readyShare(database.db, accountId);
    await database.db.share.update({
      where: { id: shareId },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });
    await run();
    expect(await stateOf(shareId)).toBe('EXPIRED');
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
    expect(await database.db.delivery.findFirst({ where: { shareId } })).toMatchObject({
      state: 'CANCELLED',
    });
    expect(await database.db.quota.findUnique({ where: { accountId } })).toMatchObject({ usedBytes: 0n });
    expect(await database.db.usageRecord.count({ where: { shareId } })).toBe(1);
  });

  test('queues a deletion again whose job was lost', async () => {
    const shareId = await readyShare(database.db, accountId);
    await database.db.share.update({
      where: { id: shareId },
      data: { state: 'REVOKED', endedAt: new Date() },
    });
    await run();
    expect(queue.jobs).toEqual([]);
    await age(shareId, 31);
    await run();
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
    await database.db.share.update({ where: { id: shareId }, data: { objectsDeletedAt: new Date() } });
    await run();
    expect(queue.jobs).toHaveLength(1);
  });

  test('does all else while storage is down, and then says that it failed', async () => {
    const { db } = database;
    await readyShare(db, accountId);
    const expired = await readyShare(db, accountId);
    await db.share.update({ where: { id: expired }, data: { expiresAt: new Date(Date.now() - 1_000) } });
    await db.delivery.updateMany({ where: { shareId: expired }, data: { state: 'SENT' } });
    marks.isDown = true;
    await expect(run()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await stateOf(expired)).toBe('EXPIRED');
  });

  test('run by several workers at once changes each row once', async () => {
    const { db } = database;
    const expired = await readyShare(db, accountId);
    await db.share.update({ where: { id: expired }, data: { expiresAt: new Date(Date.now() - 1_000) } });
    await Promise.all(Array.from({ length: 5 }, run));
    expect(queue.jobs.filter(({ name }) => name === 'delete-objects')).toHaveLength(1);
    expect(await db.quota.findUnique({ where: { accountId } })).toMatchObject({ usedBytes: 0n });
  });
});
