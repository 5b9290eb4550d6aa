import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  recordFeedback,
  type FeedbackKind,
  type MailFeedback,
} from '../../../core/deliveries/record-feedback.js';
import type { Delivery } from '../../../prisma/generated/client.js';
import type { DeliveryState } from '../../../prisma/generated/enums.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let pool: pg.Pool;
let accountId: string;
let shareId: string;
let deliveryId: string;
let email: string;

beforeAll(async () => {
  database = await openTestDatabase();
  pool = new pg.Pool({ connectionString: database.connectionString, max: 8 });
});

afterAll(async () => {
  await pool.end();
  await database.release();
});

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  email = `Bob.${randomUUID()}@x.org`;
  shareId = await readyShare(database.db, accountId, { emails: [email] });
  deliveryId = (await database.db.delivery.findFirstOrThrow({ where: { shareId } })).id;
  await become({ state: 'SENT', messageId: 'm-1' });
});

const become = (data: Partial<Pick<Delivery, 'state' | 'messageId' | 'errorCode' | 'leaseUntil'>>) =>
  database.db.delivery.update({ where: { id: deliveryId }, data });

const delivery = () => database.db.delivery.findUniqueOrThrow({ where: { id: deliveryId } });

function feedback(kind: FeedbackKind, changes: Partial<MailFeedback> = {}): MailFeedback {
  return {
    eventId: `${kind}:m-1:${randomUUID()}`,
    deliveryId,
    messageId: 'm-1',
    kind,
    detail: null,
    at: new Date(),
    ...changes,
  };
}

async function tell(...events: MailFeedback[]): Promise<ReturnType<typeof fakeLog>> {
  const log = fakeLog();
  for (const event of events) {
    const sql = await pool.connect();
    try {
      await recordFeedback({ sql, log }, event);
    } finally {
      sql.release();
    }
  }
  return log;
}

const suppressed = async (address = email) =>
  (await database.db.suppression.findUnique({ where: { emailKey: address.toLowerCase() } }))?.reason ?? null;

describe('an event moves a mail', () => {
  test.each<[FeedbackKind, DeliveryState, string | null]>([
    ['sent', 'SENT', null],
    ['delayed', 'SENT', null],
    ['delivered', 'DELIVERED', null],
    ['soft-bounce', 'BOUNCED', 'soft-bounce: Transient General'],
    ['bounce', 'BOUNCED', 'bounce: Transient MailboxFull'],
    ['hard-bounce', 'BOUNCED', 'hard-bounce: Permanent General'],
    ['rejected', 'FAILED', 'rejected: Bad content'],
    ['suppressed', 'SUPPRESSED', 'suppressed: Permanent Suppressed'],
    ['complaint', 'COMPLAINED', 'complaint: abuse'],
  ])('on %s to %s', async (kind, state, errorCode) => {
    await become({ state: 'UNCONFIRMED', messageId: null, errorCode: 'ETIMEDOUT' });
    await tell(feedback(kind, { detail: errorCode?.split(': ')[1] ?? null }));
    expect(await delivery()).toMatchObject({ state, errorCode, messageId: 'm-1', leaseUntil: null });
  });

  test.each<DeliveryState>(['PENDING', 'CLAIMED', 'SENDING', 'UNCONFIRMED'])(
    'out of %s: it is proof that the mail left',
    async (state) => {
      await become({ state, messageId: null, leaseUntil: new Date(Date.now() + 60_000) });
      await tell(feedback('sent'));
      expect(await delivery()).toMatchObject({ state: 'SENT', messageId: 'm-1', leaseUntil: null });
    },
  );

  test.each<DeliveryState>(['FAILED', 'CANCELLED', 'SUPPRESSED'])('not out of %s', async (state) => {
    await become({ state });
    await tell(feedback('sent'), feedback('delivered'), feedback('hard-bounce'));
    expect((await delivery()).state).toBe(state);
  });

  test('to the same end in whatever order its news comes, and however often', async () => {
    const ends: [FeedbackKind[], string][] = [
      [['sent', 'delivered'], 'DELIVERED'],
      [['sent', 'delayed', 'delivered'], 'DELIVERED'],
      // An absence note does not undo a delivery.
      [['sent', 'delivered', 'soft-bounce'], 'DELIVERED'],
      [['sent', 'delayed', 'soft-bounce'], 'BOUNCED'],
      [['sent', 'delivered', 'hard-bounce'], 'BOUNCED'],
      [['sent', 'delivered', 'complaint'], 'COMPLAINED'],
      [['sent', 'bounce', 'complaint'], 'COMPLAINED'],
    ];
    for (const [kinds, end] of ends) {
      for (const order of permutations(kinds)) {
        await become({ state: 'UNCONFIRMED', messageId: null, errorCode: null });
        const events = order.map((kind) => feedback(kind));
        await tell(...events, ...events);
        expect([order, (await delivery()).state]).toEqual([order, end]);
      }
    }
  });

  test('once where copies of it come at once', async () => {
    await database.db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    const event = feedback('delivered');
    await Promise.all(Array.from({ length: 8 }, () => tell(event)));
    expect(await database.db.sesEvent.count({ where: { deliveryId } })).toBe(1);
    expect(await database.db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({
      owed: 1,
    });
  });

  test('and the chat sender is owed what it changed, and nothing for what it did not', async () => {
    await database.db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    const owed = async () =>
      (await database.db.chatNotice.findFirstOrThrow({ where: { subjectId: shareId } })).owed;
    await tell(feedback('sent'));
    expect(await owed()).toBe(0);
    await tell(feedback('hard-bounce'));
    expect(await owed()).toBe(1);
  });

  test('all or nothing: what dies in the middle is done by the next copy', async () => {
    const event = feedback('complaint');
    const client = await pool.connect();
    const dying = {
      query: ((text: string, values?: unknown[]) =>
        text.includes('suppression')
          ? Promise.reject(new Error('killed'))
          : client.query(text, values)) as typeof client.query,
    };
    await expect(recordFeedback({ sql: dying, log: fakeLog() }, event)).rejects.toThrow('killed');
    client.release();
    expect((await delivery()).state).toBe('SENT');
    await tell(event);
    expect([(await delivery()).state, await suppressed()]).toEqual(['COMPLAINED', 'COMPLAINT']);
  });
});

describe('an event that is not about a mail of ours', () => {
  test.each([
    ['of an unknown delivery', { deliveryId: randomUUID() }],
    ['of another mail under the id of one of ours', { messageId: 'm-2' }],
  ])('%s changes nothing, and no address is suppressed', async (_, changes) => {
    const log = await tell(feedback('hard-bounce', changes));
    expect((await delivery()).state).toBe('SENT');
    expect(await suppressed()).toBeNull();
    expect(log.lines).toMatchObject([{ level: 'warn', message: 'event of a mail that is not ours' }]);
  });
});

describe('an address', () => {
  test.each<[FeedbackKind, string | null]>([
    ['delivered', null],
    ['soft-bounce', null],
    ['bounce', null],
    ['rejected', null],
    ['hard-bounce', 'BOUNCE'],
    ['suppressed', 'BOUNCE'],
    ['complaint', 'COMPLAINT'],
  ])('is suppressed by %s: %s', async (kind, reason) => {
    await tell(feedback(kind));
    expect(await suppressed()).toBe(reason);
  });

  test('that an operator took off the list is not put back by a copy of an old event', async () => {
    const event = feedback('hard-bounce');
    await tell(event);
    await database.db.suppression.deleteMany();
    await tell(event);
    expect(await suppressed()).toBeNull();
  });

  test('is in no log line', async () => {
    const log = await tell(feedback('hard-bounce'), feedback('complaint'), feedback('delivered'));
    expect(JSON.stringify(log.lines)).not.toContain('@');
  });
});

describe('a sender', () => {
  /** So many more mails of this account, in this state. */
  async function mails(count: number, state: DeliveryState, errorCode: string | null = null) {
    await database.db.delivery.createMany({
      data: Array.from({ length: count }, () => ({
        kind: 'SHARE' as const,
        subjectId: randomUUID(),
        shareId,
        email: 'x@x.org',
        state,
        errorCode,
      })),
    });
  }
  const isPaused = async (id = accountId) =>
    (await database.db.account.findUniqueOrThrow({ where: { id } })).pausedAt !== null;
  const audits = async (action: string) => database.db.auditEvent.count({ where: { accountId, action } });

  test('is paused at the second complaint, and that is on record', async () => {
    await tell(feedback('complaint'));
    expect([await isPaused(), await audits('delivery.complained')]).toEqual([false, 1]);
    // Again about the same mail: still one.
    await tell(feedback('complaint'));
    expect(await isPaused()).toBe(false);
    const second = await readyShare(database.db, accountId);
    deliveryId = (await database.db.delivery.findFirstOrThrow({ where: { shareId: second } })).id;
    await tell(feedback('complaint'));
    expect([await isPaused(), await audits('account.paused')]).toEqual([true, 1]);
  });

  test('is paused by two complaints that come at once', async () => {
    const second = await readyShare(database.db, accountId);
    const other = (await database.db.delivery.findFirstOrThrow({ where: { shareId: second } })).id;
    const client = await pool.connect();
    let later: Promise<unknown> | undefined;
    // The other one is recorded while this one is about to commit, and neither sees what the other wrote.
    const slow = {
      query: (async (text: string, values?: unknown[]) => {
        if (text === 'COMMIT') {
          later = tell(feedback('complaint', { deliveryId: other }));
          await Promise.race([later, new Promise((resolve) => setTimeout(resolve, 500))]);
        }
        return client.query(text, values);
      }) as typeof client.query,
    };
    await recordFeedback({ sql: slow, log: fakeLog() }, feedback('complaint'));
    client.release();
    await later;
    expect([await isPaused(), await audits('account.paused')]).toEqual([true, 1]);
  });

  test.each([
    ['1 of 19', 17, 0, false],
    ['2 of 19: too few to tell', 17, 1, false],
    ['1 of 20, which is 5 %', 19, 0, false],
    ['2 of 20', 18, 1, true],
  ])('with %s mails to nobody is paused: %4$s', async (_, good, bad, expected) => {
    await mails(good, 'DELIVERED');
    await mails(bad, 'BOUNCED', 'hard-bounce: Permanent General');
    await mails(30, 'PENDING');
    await tell(feedback('hard-bounce'));
    expect(await isPaused()).toBe(expected);
  });

  test('is not paused for full mailboxes, nor for what is older than a week', async () => {
    await mails(20, 'BOUNCED', 'bounce: Transient MailboxFull');
    await mails(10, 'BOUNCED', 'hard-bounce: Permanent General');
    await mails(3, 'COMPLAINED');
    await database.db.$executeRaw`
      UPDATE delivery SET created_at = now() - interval '8 days'
      WHERE share_id = ${shareId}::uuid AND (error_code LIKE 'hard%' OR state = 'COMPLAINED')`;
    await tell(feedback('hard-bounce'));
    expect(await isPaused()).toBe(false);
  });

  test('is not paused for what became of an account mail', async () => {
    const mail = await database.db.delivery.create({
      data: { kind: 'CONFIRM_ADDRESS', subjectId: accountId, email, state: 'SENT', messageId: 'm-1' },
    });
    deliveryId = mail.id;
    await mails(3, 'COMPLAINED');
    await tell(feedback('complaint'));
    expect([(await delivery()).state, await isPaused()]).toEqual(['COMPLAINED', false]);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}
