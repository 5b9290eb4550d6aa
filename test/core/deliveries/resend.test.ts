import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusalToResend, resendMail } from '../../../core/deliveries/resend.js';
import type { Limits } from '../../../core/ports.js';
import { timingsFor } from '../../../core/timings.js';
import type { DeliveryState } from '../../../prisma/generated/enums.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareId: string;
let recipientId: string;
let marks: ReturnType<typeof fakeMarks>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  shareId = await readyShare(database.db, accountId);
  recipientId = (await database.db.recipient.findFirstOrThrow({ where: { shareId } })).id;
  marks = fakeMarks();
});

const deps = (own: Partial<Limits> = {}) => ({
  db: database.db,
  queue: fakeQueue(),
  marks,
  log: fakeLog(),
  timings,
  limits: { ...limits, ...own },
});

const resend = (by = accountId, share = shareId, recipient = recipientId) =>
  resendMail(deps(), by, share, recipient);

async function settle(state: DeliveryState, minutesAgo: number): Promise<void> {
  const stateAt = new Date(Date.now() - minutesAgo * 60_000);
  await database.db.delivery.updateMany({ where: { shareId }, data: { state, stateAt } });
}

const attempts = async () =>
  (await database.db.delivery.findMany({ where: { shareId }, orderBy: { attempt: 'asc' } })).map(
    ({ attempt, state }) => [attempt, state],
  );

describe('sending a mail again', () => {
  test.each<[DeliveryState, number]>([
    ['SENT', 1.1],
    ['DELIVERED', 1.1],
    ['BOUNCED', 0],
    ['FAILED', 0],
    ['UNCONFIRMED', 15.1],
    ['SENDING', 15.1],
  ])('is one more attempt after %s of %d minutes ago', async (state, minutesAgo) => {
    await settle(state, minutesAgo);
    await resend();
    expect(await attempts()).toEqual([
      [1, state],
      [2, 'PENDING'],
    ]);
    expect(marks.shares).toEqual([shareId]);
    expect(await database.db.auditEvent.count({ where: { accountId, action: 'delivery.resent' } })).toBe(1);
  });

  test.each<DeliveryState>(['UNCONFIRMED', 'SENDING'])(
    'is refused for 15 minutes after %s, in which the first may still be settled',
    async (state) => {
      await settle(state, 12.5);
      await expect(resend()).rejects.toMatchObject({
        kind: 'limit',
        code: 'delivery.too_early',
        params: { minutes: 3 },
      });
      expect(await attempts()).toHaveLength(1);
    },
  );

  test.each<DeliveryState>(['SENT', 'DELIVERED'])(
    'is refused for a minute after %s: nobody gets two mails by a second click',
    async (state) => {
      await settle(state, 0.5);
      const refusal = await resend().catch((error: unknown) => error);
      expect(refusal).toMatchObject({ kind: 'limit', code: 'delivery.just_sent', retryAfterSeconds: 30 });
      expect((refusal as Error).message).toContain('30 seconds');
      expect(await attempts()).toHaveLength(1);
    },
  );

  test.each<[DeliveryState, string]>([
    ['PENDING', 'delivery.under_way'],
    ['CLAIMED', 'delivery.under_way'],
    ['CANCELLED', 'delivery.not_resendable'],
    ['SUPPRESSED', 'delivery.not_resendable'],
    ['COMPLAINED', 'delivery.not_resendable'],
  ])('is refused in %s, however old', async (state, code) => {
    await settle(state, 60);
    await expect(resend()).rejects.toMatchObject({ kind: 'invalid', code });
    expect(await attempts()).toHaveLength(1);
  });

  test('is refused where the mailbox is not there: it would not leave', async () => {
    await settle('BOUNCED', 60);
    await database.db.delivery.updateMany({
      where: { shareId },
      data: { errorCode: 'hard-bounce: Permanent General' },
    });
    await expect(resend()).rejects.toMatchObject({ code: 'delivery.not_resendable' });
  });

  test('waits shorter in a fault run, as everything does', () => {
    const at = (ageMs: number) => refusalToResend({ state: 'SENT', errorCode: null, ageMs }, timingsFor(3));
    expect(at(2_900)).toMatchObject({ code: 'delivery.just_sent' });
    expect(at(3_100)).toBeNull();
  });

  test('pressed five times at once is one more attempt', async () => {
    await settle('SENT', 16);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => resend()));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'delivery.under_way' });
    expect(await attempts()).toHaveLength(2);
  });

  test('is accepted while storage is down: the reconciler writes the mark', async () => {
    await settle('SENT', 16);
    marks.isDown = true;
    await resend();
    expect(await attempts()).toHaveLength(2);
  });

  test.each([
    ['revoked', { state: 'REVOKED' as const }],
    ['failed', { state: 'FAILED' as const }],
    ['past its time', { expiresAt: new Date(Date.now() - 1_000) }],
  ])('is refused where the share is %s', async (_, data) => {
    await settle('SENT', 16);
    await database.db.share.update({ where: { id: shareId }, data });
    await expect(resend()).rejects.toMatchObject({ kind: 'gone' });
  });

  test('finds no revoked recipient, and none of anybody else', async () => {
    await settle('SENT', 16);
    const other = (await createAccount(database.db)).id;
    const foreign = await readyShare(database.db, other);
    const foreignRecipient = (await database.db.recipient.findFirstOrThrow({ where: { shareId: foreign } }))
      .id;
    await database.db.recipient.update({ where: { id: recipientId }, data: { revokedAt: new Date() } });
    for (const call of [
      () => resend(),
      () => resend(other),
      () => resend(accountId, shareId, foreignRecipient),
      () => resend(accountId, shareId, randomUUID()),
      () => resend(accountId, shareId, 'nonsense'),
      () => resend(accountId, 'nonsense'),
    ]) {
      await expect(call()).rejects.toMatchObject({ kind: 'not_found' });
    }
  });
});

describe('a sender who sends again', () => {
  test('may not while the account is paused', async () => {
    await settle('SENT', 16);
    await database.db.account.update({ where: { id: accountId }, data: { pausedAt: new Date() } });
    await expect(resend()).rejects.toMatchObject({ kind: 'forbidden', code: 'account.paused' });
    expect(await attempts()).toHaveLength(1);
  });

  test('uses up the mails of the day, and so do shares', async () => {
    const own = { maxRecipientsPerDay: 3 };
    await settle('FAILED', 0);
    await resendMail(deps(own), accountId, shareId, recipientId);
    await settle('FAILED', 0);
    await resendMail(deps(own), accountId, shareId, recipientId);
    await settle('FAILED', 0);
    const limited = { kind: 'limit', code: 'share.recipients_limited', params: { max: 3 } };
    await expect(resendMail(deps(own), accountId, shareId, recipientId)).rejects.toMatchObject(limited);
    await expect(acceptShare(database.db, accountId, {}, { ...limits, ...own })).rejects.toMatchObject(
      limited,
    );
    expect(await attempts()).toHaveLength(3);
    await database.db
      .$executeRaw`UPDATE delivery SET created_at = now() - interval '25 hours' WHERE share_id = ${shareId}::uuid AND attempt > 1`;
    await acceptShare(database.db, accountId, {}, { ...limits, ...own });
    await resendMail(deps(own), accountId, shareId, recipientId);
  });

  test('to several people at once passes the limit of the day as little', async () => {
    const busy = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org 3@x.org 4@x.org'] });
    await database.db.delivery.updateMany({ where: { shareId: busy }, data: { state: 'FAILED' } });
    const recipients = await database.db.recipient.findMany({ where: { shareId: busy } });
    // One mail of the first share and four of this one are counted already.
    const own = deps({ maxRecipientsPerDay: 7 });
    const results = await Promise.allSettled(
      recipients.map(({ id }) => resendMail(own, accountId, busy, id)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });
});
