import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Limits } from '../../../core/ports.js';
import { createShare } from '../../../core/shares/create-share.js';
import type { ShareRequest } from '../../../core/shares/share-request.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeQueue, limits } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { shareRequest, slackFile, uploadFile } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let queue: ReturnType<typeof fakeQueue>;
let log: ReturnType<typeof fakeLog>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  queue = fakeQueue();
  log = fakeLog();
});

const create = (
  request: ShareRequest,
  own: Partial<Limits> = {},
  by = accountId,
  options: Parameters<typeof createShare>[3] = {},
) => createShare({ db: database.db, queue, log, limits: { ...limits, ...own } }, by, request, options);

describe('an accepted share', () => {
  test('has all of its rows, and its job', async () => {
    const { db } = database;
    const request = shareRequest({
      emails: ['bob@x.org', 'Carla <carla@x.org>'],
      files: [slackFile('a.pdf', 7), slackFile('b.pdf', 5_000_000_000, 'F2')],
      message: 'Hello',
      lifetimeDays: 30,
    });
    const reply = chatReply();
    const { shareId, state, isRepeat } = await create(request, {}, accountId, { reply, undoSeconds: 30 });
    expect({ state, isRepeat }).toEqual({ state: 'RECEIVED', isRepeat: false });

    const share = await db.share.findUniqueOrThrow({
      where: { id: shareId },
      include: {
        attachments: { orderBy: { position: 'asc' } },
        recipients: { orderBy: { position: 'asc' } },
        usage: true,
      },
    });
    expect(share).toMatchObject({
      accountId,
      entrance: 'SLACK',
      message: 'Hello',
      state: 'RECEIVED',
      fence: 0,
    });
    expect(share.expiresAt.getTime() - share.createdAt.getTime()).toBe(30 * 24 * 60 * 60 * 1000);
    expect(share.mailAfter.getTime() - share.createdAt.getTime()).toBe(30_000);
    expect(share.attachments).toMatchObject([
      {
        name: 'a.pdf',
        sizeBytes: 7n,
        state: 'EXPECTED',
        storageKey: null,
        source: { kind: 'slack', fileId: 'F1' },
      },
      {
        name: 'b.pdf',
        sizeBytes: 5_000_000_000n,
        state: 'EXPECTED',
        source: { kind: 'slack', fileId: 'F2' },
      },
    ]);
    expect(share.recipients).toMatchObject([{ email: 'bob@x.org' }, { email: 'carla@x.org' }]);
    expect(share.usage).toMatchObject([
      {
        kind: 'SHARE',
        bytes: 5_000_000_007n,
        fileNames: ['a.pdf', 'b.pdf'],
        recipients: ['bob@x.org', 'carla@x.org'],
      },
    ]);
    const deliveries = await db.delivery.findMany({ where: { shareId } });
    expect(deliveries.map(({ subjectId }) => subjectId).sort()).toEqual(
      share.recipients.map(({ id }) => id).sort(),
    );
    expect(deliveries).toMatchObject([{ kind: 'SHARE', state: 'PENDING', attempt: 1 }, { state: 'PENDING' }]);
    expect(await usedBytes()).toBe(5_000_000_007n);
    expect(await db.auditEvent.findMany({ where: { accountId } })).toMatchObject([
      { action: 'share.created', subjectId: shareId },
    ]);
    expect(await db.chatNotice.findMany({ where: { subjectId: shareId } })).toMatchObject([
      { kind: 'SHARE', userId: reply.userId, owed: 1, sent: 0 },
    ]);
    expect(queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId } }]);
  });

  test('from a browser waits for its uploads, without a job', async () => {
    const { state } = await create(shareRequest({ entrance: 'PORTAL', files: [uploadFile('a.pdf', 7)] }));
    expect(state).toBe('AWAITING_UPLOAD');
    expect(queue.jobs).toEqual([]);
  });

  test('is accepted while the queue is down', async () => {
    queue.isDown = true;
    const { shareId } = await create(shareRequest());
    expect(await database.db.share.count({ where: { id: shareId, state: 'RECEIVED' } })).toBe(1);
  });

  test('leaves no address, file name or message in a log line or a job', async () => {
    await create(
      shareRequest({ emails: ['secret@x.org'], message: 'Hush', files: [slackFile('salaries.xls', 5)] }),
    );
    expect(JSON.stringify([log.lines, queue.jobs])).not.toMatch(/secret|Hush|salaries/);
  });
});

describe('a repeated request', () => {
  test('makes one share and one job, and gets the first answer', async () => {
    const request = shareRequest();
    const first = await create(request);
    await database.db.share.update({ where: { id: first.shareId }, data: { state: 'READY' } });
    expect(await create(request)).toEqual({ shareId: first.shareId, state: 'READY', isRepeat: true });
    expect(queue.jobs).toHaveLength(1);
    expect(await usedBytes()).toBe(5n);
  });

  test('makes one share when twenty come at once', async () => {
    const request = shareRequest();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(request)));
    expect(new Set(answers.map(({ shareId }) => shareId)).size).toBe(1);
    expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    expect(queue.jobs).toHaveLength(1);
    expect(await database.db.share.count({ where: { accountId } })).toBe(1);
    expect(await database.db.usageRecord.count({ where: { accountId } })).toBe(1);
  });

  test('gets the first answer even where the limits are used up since', async () => {
    const request = shareRequest();
    const { shareId } = await create(request);
    expect(await create(request, { maxSharesPerHour: 1, maxLiveBytes: 5 })).toMatchObject({
      shareId,
      isRepeat: true,
    });
  });

  test('with another body is refused', async () => {
    const request = shareRequest();
    await create(request);
    await expect(create({ ...request, emails: ['eve@x.org'] })).rejects.toMatchObject({
      code: 'share.form_stale',
    });
    expect(await database.db.share.count({ where: { accountId } })).toBe(1);
  });

  test('by another account is refused, without a word about the first', async () => {
    const request = shareRequest();
    await create(request);
    const other = await createAccount(database.db);
    await expect(create(request, {}, other.id)).rejects.toMatchObject({ code: 'share.form_stale' });
  });
});

describe('a refused share', () => {
  test.each([
    ['an unconfirmed', { confirmed: false }, 'account.not_confirmed'],
    ['a paused', { paused: true }, 'account.paused'],
  ])('of %s account leaves nothing behind', async (_, options, code) => {
    const account = await createAccount(database.db, options);
    await expect(create(shareRequest(), {}, account.id)).rejects.toMatchObject({ kind: 'forbidden', code });
    await expectNothing(account.id);
  });

  test('of an account that is gone asks to sign in', async () => {
    await expect(create(shareRequest(), {}, randomUUID())).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  test('past the hourly limit says when to try again', async () => {
    const { shareId } = await create(shareRequest(), { maxSharesPerHour: 2 });
    await create(shareRequest(), { maxSharesPerHour: 2 });
    await database.db
      .$executeRaw`UPDATE share SET created_at = now() - interval '40 minutes' WHERE id = ${shareId}::uuid`;
    const refusal = await create(shareRequest(), { maxSharesPerHour: 2 }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ kind: 'limit', code: 'share.rate_limited' });
    const { retryAfterSeconds = 0 } = refusal as { retryAfterSeconds?: number };
    expect(retryAfterSeconds).toBeGreaterThan(19 * 60);
    expect(retryAfterSeconds).toBeLessThanOrEqual(20 * 60);
    await database.db
      .$executeRaw`UPDATE share SET created_at = now() - interval '61 minutes' WHERE id = ${shareId}::uuid`;
    await create(shareRequest(), { maxSharesPerHour: 2 });
  });

  test('past the daily limit counts recipients, and those of a day ago no more', async () => {
    const own = { maxRecipientsPerDay: 3 };
    const { shareId } = await create(shareRequest({ emails: ['a@x.org b@x.org'] }), own);
    const next = shareRequest({ emails: ['c@x.org d@x.org'] });
    await expect(create(next, own)).rejects.toMatchObject({ code: 'share.recipients_limited' });
    await create(shareRequest({ emails: ['c@x.org'] }), own);
    await database.db
      .$executeRaw`UPDATE delivery SET created_at = now() - interval '25 hours' WHERE share_id = ${shareId}::uuid`;
    await create(next, own);
  });

  test('of a new account has the smaller daily limit, until it is a week old', async () => {
    const own = { maxRecipientsPerDay: 10, maxRecipientsPerDayWhenNew: 1 };
    const request = shareRequest({ emails: ['a@x.org b@x.org'] });
    const young = await createAccount(database.db, { ageDays: 6.9 });
    await expect(create(request, own, young.id)).rejects.toMatchObject({ params: { max: 1 } });
    const old = await createAccount(database.db, { ageDays: 7.1 });
    await create(request, own, old.id);
  });

  test('past the bytes that may live leaves nothing behind', async () => {
    await create(shareRequest(), { maxLiveBytes: 9 });
    await expect(create(shareRequest(), { maxLiveBytes: 9 })).rejects.toMatchObject({
      code: 'share.storage_full',
    });
    expect(await usedBytes()).toBe(5n);
    expect(await database.db.share.count({ where: { accountId } })).toBe(1);
  });
});

describe('shares of one account that come at once', () => {
  test('never hold more than the account may', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 15 }, () => create(shareRequest(), { maxLiveBytes: 22 })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await usedBytes()).toBe(20n);
  });

  test('are never more than the hour or the day allows', async () => {
    const many = (own: Partial<Limits>, by: string) =>
      Promise.allSettled(Array.from({ length: 12 }, () => create(shareRequest(), own, by)));
    await many({ maxSharesPerHour: 3 }, accountId);
    expect(await database.db.share.count({ where: { accountId } })).toBe(3);
    const other = await createAccount(database.db);
    await many({ maxRecipientsPerDay: 4 }, other.id);
    expect(await database.db.share.count({ where: { accountId: other.id } })).toBe(4);
  });
});

test('neither the ledger nor the audit record can be changed afterwards', async () => {
  const { db } = database;
  await create(shareRequest());
  const append = 'is append-only';
  await expect(db.$executeRaw`UPDATE usage_record SET bytes = 0`).rejects.toThrow(append);
  await expect(db.$executeRaw`DELETE FROM usage_record`).rejects.toThrow(append);
  await expect(db.$executeRaw`UPDATE audit_event SET action = 'x'`).rejects.toThrow(append);
  await expect(db.$executeRaw`DELETE FROM audit_event`).rejects.toThrow(append);
  await expect(db.$executeRaw`TRUNCATE audit_event`).rejects.toThrow(append);
});

function chatReply() {
  const replyUntil = new Date(Date.now() + 900_000);
  return {
    platform: 'SLACK' as const,
    workspaceId: 'T1',
    userId: randomUUID(),
    language: 'en' as const,
    teamId: 'T1',
    replyHandle: 'https://slack.test/reply',
    replyUntil,
    repliesLeft: 5,
  };
}

async function usedBytes(): Promise<bigint | undefined> {
  return (await database.db.quota.findUnique({ where: { accountId } }))?.usedBytes;
}

async function expectNothing(ofAccount: string): Promise<void> {
  const where = { where: { accountId: ofAccount } };
  const { db } = database;
  const counts = [
    db.share.count(where),
    db.usageRecord.count(where),
    db.auditEvent.count(where),
    db.quota.count(where),
  ];
  expect(await Promise.all(counts)).toEqual([0, 0, 0, 0]);
  expect(queue.jobs).toEqual([]);
}
