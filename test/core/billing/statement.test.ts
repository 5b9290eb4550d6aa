import { afterAll, beforeAll, expect, test } from 'vitest';
import { getStatement, listMonths } from '../../../core/billing/statement.js';
import type { Prisma } from '../../../prisma/generated/client.js';
import { createAccount } from '../../support/accounts.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareIds: string[];

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  accountId = (await createAccount(db)).id;
  shareIds = [await acceptShare(db, accountId), await acceptShare(db, accountId)];
  await db.$executeRaw`ALTER TABLE usage_record DISABLE TRIGGER USER`;
  await db.usageRecord.deleteMany();
  await db.$executeRaw`ALTER TABLE usage_record ENABLE TRIGGER USER`;
  const [first = '', second = ''] = shareIds;
  const line = (shareId: string, createdAt: string, data: Partial<Prisma.UsageRecordUncheckedCreateInput>) =>
    db.usageRecord.create({
      data: {
        accountId,
        shareId,
        kind: 'SHARE',
        bytes: 0,
        fileNames: [],
        recipients: [],
        createdAt,
        ...data,
      },
    });
  await line(first, '2026-10-31T23:59:59.999Z', {
    bytes: 100,
    fileNames: ['a', 'b'],
    recipients: ['x', 'y'],
  });
  await line(second, '2026-11-01T00:00:00.000Z', {
    bytes: 6_000_000_000,
    fileNames: ['c'],
    recipients: ['x'],
  });
  await line(second, '2026-11-01T00:00:01.000Z', {
    kind: 'CORRECTION',
    subject: 'att',
    bytes: -50,
    fileNames: ['c'],
  });
  await line(first, '2026-11-30T12:00:00.000Z', {
    kind: 'REVERSAL',
    bytes: -100,
    fileNames: ['a', 'b'],
    recipients: ['x', 'y'],
  });
});

afterAll(() => database.release());

test('a statement holds the lines of its month in UTC, newest first, with their sums', async () => {
  const statement = await getStatement(database.db, accountId, '2026-10');
  expect(statement.totals).toEqual({ shares: 1, files: 2, bytes: 100, emails: 2 });
  expect(statement.lines).toHaveLength(1);
});

test('a correction changes the bytes alone, a reversal takes its share out again', async () => {
  const { lines, totals } = await getStatement(database.db, accountId, '2026-11');
  expect(lines.map(({ kind, bytes }) => [kind, bytes])).toEqual([
    ['REVERSAL', -100],
    ['CORRECTION', -50],
    ['SHARE', 6_000_000_000],
  ]);
  expect(totals).toEqual({ shares: 0, files: -1, bytes: 5_999_999_850, emails: -1 });
});

test('months are listed newest first, for this account alone', async () => {
  expect(await listMonths(database.db, accountId)).toEqual(['2026-11', '2026-10']);
  const other = (await createAccount(database.db)).id;
  expect(await listMonths(database.db, other)).toEqual([]);
  expect((await getStatement(database.db, other, '2026-11')).lines).toEqual([]);
});

test('a year’s last month ends with the year', async () => {
  expect((await getStatement(database.db, accountId, '2026-12')).lines).toEqual([]);
});
