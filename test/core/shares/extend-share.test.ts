import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { extendShare } from '../../../core/shares/extend-share.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let database: OpenTestDatabase;
let accountId: string;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
});

const expiryOf = async (id: string): Promise<Date> =>
  (await database.db.share.findUniqueOrThrow({ where: { id } })).expiresAt;
const extend = async (shareId: string, by = accountId, seen?: Date): Promise<void> =>
  extendShare({ db: database.db, log: fakeLog() }, by, shareId, seen ?? (await expiryOf(shareId)));

test('adds seven days, tells the chat and is written down', async () => {
  const shareId = await readyShare(database.db, accountId);
  const before = await expiryOf(shareId);
  await database.db.chatNotice.create({
    data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
  });
  await extend(shareId);
  expect((await expiryOf(shareId)).getTime() - before.getTime()).toBe(7 * DAY_MS);
  expect(await database.db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({
    owed: 1,
  });
  expect(await database.db.auditEvent.count({ where: { accountId, action: 'share.extended' } })).toBe(1);
});

test('pressed twice on what was seen, it extends once; pressed again on the new expiry, once more', async () => {
  const shareId = await readyShare(database.db, accountId);
  const seen = await expiryOf(shareId);
  await Promise.all([extend(shareId, accountId, seen), extend(shareId, accountId, seen)]);
  await extend(shareId, accountId, seen);
  expect((await expiryOf(shareId)).getTime() - seen.getTime()).toBe(7 * DAY_MS);
  await extend(shareId);
  expect((await expiryOf(shareId)).getTime() - seen.getTime()).toBe(14 * DAY_MS);
});

test('never reaches further than thirty days from now, and never shortens', async () => {
  const shareId = await readyShare(database.db, accountId, { lifetimeDays: 30 });
  const before = await expiryOf(shareId);
  await extend(shareId);
  const after = await expiryOf(shareId);
  expect(after.getTime()).toBeGreaterThanOrEqual(before.getTime());
  expect(after.getTime()).toBeLessThanOrEqual(Date.now() + 30 * DAY_MS);
});

test.each(['REVOKED', 'EXPIRED', 'FAILED'] as const)('one that is %s has ended', async (state) => {
  const shareId = await readyShare(database.db, accountId);
  await database.db.share.update({ where: { id: shareId }, data: { state } });
  await expect(extend(shareId)).rejects.toMatchObject({ code: 'share.ended' });
});

test("somebody else's is not found", async () => {
  const shareId = await readyShare(database.db, accountId);
  const stranger = (await createAccount(database.db)).id;
  await expect(extend(shareId, stranger)).rejects.toMatchObject({ code: 'share.not_found' });
});
