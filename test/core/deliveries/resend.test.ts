import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resendMail } from '../../../core/deliveries/resend.js';
import type { DeliveryState } from '../../../prisma/generated/enums.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareId: string;
let recipientId: string;
let marks: ReturnType<typeof fakeMarks>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  shareId = await readyShare(database.db, accountId);
  recipientId = (await database.db.recipient.findFirstOrThrow({ where: { shareId } })).id;
  marks = fakeMarks();
});

const resend = (by = accountId, share = shareId, recipient = recipientId) =>
  resendMail({ db: database.db, queue: fakeQueue(), marks, log: fakeLog(), timings }, by, share, recipient);

async function settle(state: DeliveryState, minutesAgo: number): Promise<void> {
  const stateAt = new Date(Date.now() - minutesAgo * 60_000);
  await database.db.delivery.updateMany({ where: { shareId }, data: { state, stateAt } });
}

const attempts = async () =>
  (await database.db.delivery.findMany({ where: { shareId }, orderBy: { attempt: 'asc' } })).map(
    ({ attempt, state }) => [attempt, state],
  );

describe('sending a mail again', () => {
  test.each<DeliveryState>(['SENT', 'DELIVERED', 'BOUNCED', 'COMPLAINED', 'UNCONFIRMED', 'FAILED'])(
    'is one more attempt after %s',
    async (state) => {
      await settle(state, 16);
      await resend();
      expect(await attempts()).toEqual([
        [1, state],
        [2, 'PENDING'],
      ]);
      expect(marks.shares).toEqual([shareId]);
      expect(await database.db.auditEvent.count({ where: { accountId, action: 'delivery.resent' } })).toBe(1);
    },
  );

  test('is refused for 15 minutes, in which the first may still be settled', async () => {
    await settle('UNCONFIRMED', 14);
    await expect(resend()).rejects.toMatchObject({
      kind: 'limit',
      code: 'delivery.too_early',
      params: { minutes: 15 },
    });
    expect(await attempts()).toHaveLength(1);
  });

  test('is possible at once after a refusal: that mail certainly did not leave', async () => {
    await settle('FAILED', 0);
    await resend();
    expect(await attempts()).toHaveLength(2);
  });

  test.each<DeliveryState>(['PENDING', 'CLAIMED', 'SENDING', 'CANCELLED', 'SUPPRESSED'])(
    'is refused in %s',
    async (state) => {
      await settle(state, 60);
      await expect(resend()).rejects.toMatchObject({ code: 'delivery.not_resendable' });
      expect(await attempts()).toHaveLength(1);
    },
  );

  test('pressed five times at once is one more attempt', async () => {
    await settle('SENT', 16);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => resend()));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'delivery.not_resendable' });
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
