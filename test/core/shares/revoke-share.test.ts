import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deleteObjects } from '../../../core/shares/delete-objects.js';
import { listShares } from '../../../core/shares/list-shares.js';
import { deleteShare, revokeRecipient, revokeShare } from '../../../core/shares/revoke-share.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFiles, fakeLog, fakeQueue } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let queue: ReturnType<typeof fakeQueue>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  queue = fakeQueue();
});

const deps = () => ({ db: database.db, queue, log: fakeLog() });
const two = { emails: ['a@x.org b@x.org'] };

describe('revoking a share', () => {
  test('ends it, cancels unsent mails, gives its bytes back, tells the chat, and has its objects deleted', async () => {
    const { db } = database;
    const shareId = await readyShare(db, accountId, two);
    const [first] = await db.delivery.findMany({ where: { shareId } });
    await db.delivery.update({ where: { id: first?.id ?? '' }, data: { state: 'SENT', messageId: 'm' } });
    await db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    await revokeShare(deps(), accountId, shareId);
    expect(await db.share.findUnique({ where: { id: shareId } })).toMatchObject({
      state: 'REVOKED',
      endedAt: expect.any(Date) as Date,
    });
    expect((await db.delivery.findMany({ where: { shareId } })).map(({ state }) => state).sort()).toEqual([
      'CANCELLED',
      'SENT',
    ]);
    expect(await db.quota.findUnique({ where: { accountId } })).toMatchObject({ usedBytes: 0n });
    expect(await db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({ owed: 1 });
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
    expect(await actions()).toContain('share.revoked');
    expect((await db.usageRecord.findMany({ where: { shareId } })).map(({ kind }) => kind)).toEqual([
      'SHARE',
    ]);
  });

  test('many times, also at once, gives its bytes back once', async () => {
    const shareId = await readyShare(database.db, accountId);
    await readyShare(database.db, accountId);
    await Promise.all(Array.from({ length: 8 }, () => revokeShare(deps(), accountId, shareId)));
    await revokeShare(deps(), accountId, shareId);
    expect(await database.db.quota.findUnique({ where: { accountId } })).toMatchObject({ usedBytes: 5n });
    expect(queue.jobs).toHaveLength(1);
    expect((await actions()).filter((action) => action === 'share.revoked')).toHaveLength(1);
  });

  test.each(['AWAITING_UPLOAD', 'RECEIVED', 'STORING', 'READY'] as const)(
    'works in the state %s',
    async (state) => {
      const shareId = await acceptShare(database.db, accountId);
      await database.db.share.update({ where: { id: shareId }, data: { state } });
      await revokeShare(deps(), accountId, shareId);
      expect((await database.db.share.findUniqueOrThrow({ where: { id: shareId } })).state).toBe('REVOKED');
    },
  );

  test('leaves a share that has ended as it was', async () => {
    const shareId = await readyShare(database.db, accountId);
    await database.db.share.update({ where: { id: shareId }, data: { state: 'EXPIRED' } });
    await revokeShare(deps(), accountId, shareId);
    expect((await database.db.share.findUniqueOrThrow({ where: { id: shareId } })).state).toBe('EXPIRED');
    expect(queue.jobs).toEqual([]);
  });
});

describe('deleting a share', () => {
  test('revokes it and hides it; again, and many times at once, it changes nothing', async () => {
    const shareId = await readyShare(database.db, accountId);
    const kept = await readyShare(database.db, accountId);
    await Promise.all(Array.from({ length: 5 }, () => deleteShare(deps(), accountId, shareId)));
    await deleteShare(deps(), accountId, shareId);
    expect((await listShares(database.db, accountId)).shares.map((share) => share.shareId)).toEqual([kept]);
    const done = (await actions()).filter((action) => action !== 'share.created');
    expect(done.sort()).toEqual(['share.deleted', 'share.revoked']);
    await expect(revokeShare(deps(), accountId, shareId)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('revoking a recipient', () => {
  test('cancels that mail alone and deletes nothing; again, it changes nothing', async () => {
    const { db } = database;
    const shareId = await readyShare(db, accountId, two);
    const [recipient, other] = await db.recipient.findMany({
      where: { shareId },
      orderBy: { position: 'asc' },
    });
    await revokeRecipient(deps(), accountId, shareId, recipient?.id ?? '');
    await revokeRecipient(deps(), accountId, shareId, recipient?.id ?? '');
    const deliveries = await db.delivery.findMany({ where: { shareId } });
    expect(deliveries.find(({ subjectId }) => subjectId === recipient?.id)?.state).toBe('CANCELLED');
    expect(deliveries.find(({ subjectId }) => subjectId === other?.id)?.state).toBe('PENDING');
    expect((await db.share.findUniqueOrThrow({ where: { id: shareId } })).state).toBe('READY');
    expect(queue.jobs).toEqual([]);
    expect((await actions()).filter((action) => action === 'recipient.revoked')).toHaveLength(1);
  });
});

describe('somebody else', () => {
  test('finds nothing to revoke or delete, whatever they call it', async () => {
    const { db } = database;
    const shareId = await readyShare(db, accountId);
    const other = (await createAccount(db)).id;
    const foreign = await readyShare(db, other);
    const foreignDeleted = await readyShare(db, other);
    await deleteShare(deps(), other, foreignDeleted);
    const [recipient] = await db.recipient.findMany({ where: { shareId } });
    const [foreignRecipient] = await db.recipient.findMany({ where: { shareId: foreign } });
    const calls = [foreign, foreignDeleted, randomUUID(), 'nonsense', ''].flatMap((id) => [
      revokeShare(deps(), accountId, id),
      deleteShare(deps(), accountId, id),
      revokeRecipient(deps(), accountId, id, recipient?.id ?? ''),
    ]);
    for (const id of [foreignRecipient?.id ?? '', randomUUID(), 'nonsense']) {
      calls.push(revokeRecipient(deps(), accountId, shareId, id));
    }
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ reason: { kind: 'not_found', code: 'share.not_found' } });
    }
    expect(await db.share.count({ where: { state: 'READY', id: { in: [shareId, foreign] } } })).toBe(2);
    expect(
      await db.recipient.count({ where: { revokedAt: { not: null }, shareId: { in: [shareId, foreign] } } }),
    ).toBe(0);
  });
});

describe('deleting objects', () => {
  test('empties storage and says so in the rows; again, it changes nothing', async () => {
    const { db } = database;
    const shareId = await readyShare(db, accountId);
    const files = fakeFiles();
    const put = (key: string) => files.objects.set(key, { bytes: Buffer.from('x'), modifiedAt: new Date() });
    put(`shares/${shareId}/aa`);
    put(`shares/${shareId}/ready`);
    put('shares/other/aa');
    await deleteObjects({ ...deps(), files }, shareId);
    expect(files.objects.size).toBe(3);
    await revokeShare(deps(), accountId, shareId);
    await deleteObjects({ ...deps(), files }, shareId);
    await deleteObjects({ ...deps(), files }, shareId);
    expect([...files.objects.keys()]).toEqual(['shares/other/aa']);
    expect(
      await db.share.findUnique({ where: { id: shareId }, include: { attachments: true } }),
    ).toMatchObject({
      objectsDeletedAt: expect.any(Date) as Date,
      attachments: [{ state: 'DELETED' }],
    });
  });
});

async function actions(): Promise<string[]> {
  return (await database.db.auditEvent.findMany({ where: { accountId } })).map(({ action }) => action);
}
