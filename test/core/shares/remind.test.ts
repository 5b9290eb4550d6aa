import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { composeDelivery } from '../../../core/deliveries/compose.js';
import { extendShare } from '../../../core/shares/extend-share.js';
import { remindBeforeExpiry } from '../../../core/shares/remind.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, linkSecrets } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

const DAY_MS = 24 * 60 * 60 * 1000;

let database: OpenTestDatabase;
let accountId: string;
let marks: ReturnType<typeof fakeMarks>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  await database.db.share.updateMany({ data: { remindedAt: new Date() } });
  accountId = (await createAccount(database.db)).id;
  marks = fakeMarks();
});

const remind = () => remindBeforeExpiry({ db: database.db, queue: fakeQueue(), marks, log: fakeLog() });

/** A share of `days` that ends in `inDays`; every mail was delivered. */
async function share(inDays: number, { days = 7, emails = ['bob@x.org', 'eve@x.org'] } = {}) {
  const shareId = await readyShare(database.db, accountId, { emails });
  const expiresAt = new Date(Date.now() + inDays * DAY_MS);
  const createdAt = new Date(expiresAt.getTime() - days * DAY_MS);
  await database.db.share.update({ where: { id: shareId }, data: { expiresAt, createdAt } });
  await database.db.delivery.updateMany({ where: { shareId }, data: { state: 'DELIVERED' } });
  return shareId;
}

const reminders = async (shareId: string) =>
  (
    await database.db.delivery.findMany({ where: { shareId, kind: 'REMINDER' }, orderBy: { email: 'asc' } })
  ).map(({ email, attempt }) => `${email} ${attempt}`);

async function download(shareId: string, email: string): Promise<void> {
  const recipient = await database.db.recipient.findFirstOrThrow({ where: { shareId, email } });
  const attachment = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
  await database.db.download.create({ data: { recipientId: recipient.id, attachmentId: attachment.id } });
}

test('two days before the end, recipients who have fetched nothing are reminded once (B11)', async () => {
  const shareId = await share(1.9);
  await download(shareId, 'eve@x.org');
  await Promise.all([remind(), remind()]);
  await remind();
  expect(await reminders(shareId)).toEqual(['bob@x.org 1']);
  expect(marks.shares).toEqual([shareId]);
});

test.each([
  ['that has more than two days left', 2.1, {}],
  ['that was to live a day', 0.5, { days: 1 }],
  ['that has ended', -0.1, {}],
])('nobody is reminded of a share %s', async (_, inDays, how) => {
  const shareId = await share(inDays, how);
  await remind();
  expect(await reminders(shareId)).toEqual([]);
});

test('nobody is mailed whose link was withdrawn or whose mail was in vain, nor for a paused sender', async () => {
  const shareId = await share(1, { emails: ['a@x.org', 'b@x.org', 'c@x.org'] });
  await database.db.recipient.updateMany({
    where: { shareId, email: 'a@x.org' },
    data: { revokedAt: new Date() },
  });
  await database.db.delivery.updateMany({ where: { shareId, email: 'b@x.org' }, data: { state: 'BOUNCED' } });
  const { id: pausedId } = await createAccount(database.db);
  const other = await share(1);
  await database.db.share.update({ where: { id: other }, data: { accountId: pausedId } });
  await database.db.account.update({ where: { id: pausedId }, data: { pausedAt: new Date() } });
  await remind();
  expect(await reminders(shareId)).toEqual(['c@x.org 1']);
  expect(await reminders(other)).toEqual([]);
});

test('a share that was extended reminds again before its new end', async () => {
  const shareId = await share(1, { emails: ['bob@x.org'] });
  await remind();
  const { expiresAt } = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
  await extendShare({ db: database.db, log: fakeLog() }, accountId, shareId, expiresAt);
  await remind();
  expect(await reminders(shareId)).toEqual(['bob@x.org 1']);
  await database.db.share.update({
    where: { id: shareId },
    data: { expiresAt: new Date(Date.now() + DAY_MS) },
  });
  await remind();
  expect(await reminders(shareId)).toEqual(['bob@x.org 1', 'bob@x.org 2']);
});

test('the sender of a share from the portal is told by one mail, one from chat in chat', async () => {
  const portal = await share(1);
  await share(1.5);
  const chat = await share(1);
  const who = { platform: 'SLACK', workspaceId: 'T1', teamId: 'T1', userId: 'U1' } as const;
  await database.db.chatNotice.create({ data: { kind: 'SHARE', subjectId: chat, ...who } });
  await remind();
  const notices = await database.db.delivery.findMany({ where: { kind: 'NOTICE', subjectId: accountId } });
  expect(notices.map(({ topic }) => topic)).toEqual(['shares-expiring']);
  const owed = await database.db.chatNotice.findMany({ where: { kind: 'EXPIRY' } });
  expect(owed).toMatchObject([{ subjectId: chat, ...who, owed: 1, sent: 0 }]);

  const sql = database.pool;
  const deps = { sql, portalUrl: 'https://portal.test', linkSecrets };
  const compose = async (where: object) => {
    const row = await database.db.delivery.findFirstOrThrow({ where });
    const { id: deliveryId, kind, subjectId, shareId, topic, email, fence } = row;
    const claimed = { deliveryId, kind, subjectId, shareId, topic, email, fence, isSuppressed: false };
    return (await composeDelivery(deps, claimed))!;
  };
  const toSender = await compose({ id: notices[0]!.id });
  expect(toSender.text.match(/until .*, 2 of 2 have downloaded nothing yet/g)).toHaveLength(2);
  const toRecipient = await compose({ shareId: portal, kind: 'REMINDER', email: 'bob@x.org' });
  expect(toRecipient.subject).toMatch(/^Until .*: plan\.pdf from /);
  expect(toRecipient.text).toMatch(/Get the file: https:\/\/portal\.test\/l\//);
});
