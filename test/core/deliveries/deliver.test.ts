import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { composeDelivery } from '../../../core/deliveries/compose.js';
import { deliver, type DeliverDeps } from '../../../core/deliveries/deliver.js';
import { oweMail } from '../../../core/deliveries/owe-mail.js';
import { recordFeedback, type FeedbackKind } from '../../../core/deliveries/record-feedback.js';
import type { Mailer, MailResult, OutgoingMail } from '../../../core/ports.js';
import { reconcile } from '../../../core/shares/reconcile.js';
import { revokeRecipient, revokeShare } from '../../../core/shares/revoke-share.js';
import type { DeliveryState } from '../../../prisma/generated/enums.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFiles, fakeLog, fakeMarks, fakeQueue, linkSecrets, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';
import { untilWaiting } from '../../support/until-waiting.js';

const FIVE = { emails: ['1@x.org 2@x.org 3@x.org 4@x.org 5@x.org'] };
const sent: MailResult = { outcome: 'sent', messageId: 'm-1' };

let database: OpenTestDatabase;
let accountId: string;
let clients: pg.Client[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db, { email: 'ann@sender.example' })).id;
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  clients = [];
  await database.db
    .$executeRaw`UPDATE account SET email_key = id::text, email = id::text WHERE email_key = 'ann@sender.example'`;
});

/** A mail service that says what the script says, one mail after the other, and then that it took the mail. */
function scriptedMailer(...script: (MailResult | ((mail: OutgoingMail) => Promise<MailResult>))[]) {
  const mails: OutgoingMail[] = [];
  const mailer: Mailer = {
    async send(mail) {
      mails.push(mail);
      const step = script[mails.length - 1] ?? { outcome: 'sent', messageId: `m-${mails.length}` };
      return typeof step === 'function' ? step(mail) : step;
    },
  };
  return { mailer, mails, to: () => mails.map(({ to }) => to).sort() };
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectionString });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

type Change = Partial<Pick<DeliverDeps, 'sendRate' | 'monotonicMs' | 'leaseMs' | 'sql'>>;

/** One run of the Lambda's work, on a connection of its own. */
async function run(
  mailer: Mailer,
  target: Parameters<typeof deliver>[1],
  change: Change = {},
): Promise<void> {
  const sql = change.sql ?? (await connect());
  const deps: DeliverDeps = {
    sql,
    mailer,
    leaseMs: timings.leaseMs,
    sendRate: 10_000,
    log: fakeLog(),
    monotonicMs: () => performance.now(),
    compose: (delivery) => composeDelivery({ sql, portalUrl: 'https://portal.test', linkSecrets }, delivery),
    ...change,
  };
  await deliver(deps, target, deps.monotonicMs() + 30_000);
}

async function deliveries(shareId: string) {
  return database.db.delivery.findMany({
    where: { shareId },
    orderBy: [{ email: 'asc' }, { attempt: 'asc' }],
  });
}

const states = async (shareId: string): Promise<DeliveryState[]> =>
  (await deliveries(shareId)).map(({ state }) => state);

const reconcileNow = () =>
  reconcile({
    db: database.db,
    queue: fakeQueue(),
    marks: fakeMarks(),
    files: fakeFiles(),
    log: fakeLog(),
    timings,
  });

describe('behind one ready mark', () => {
  test('each recipient gets one mail of their own, with a link of their own', async () => {
    const shareId = await readyShare(database.db, accountId, {
      emails: ['bob@x.org carla@x.org'],
      message: 'Hi',
    });
    const { mailer, mails, to } = scriptedMailer();
    await run(mailer, { shareId });
    expect(to()).toEqual(['bob@x.org', 'carla@x.org']);
    const [first, second] = mails;
    expect(first).toMatchObject({
      shareId,
      replyTo: 'ann@sender.example',
      fromName: 'Ann Lee via Passalong',
    });
    const link = (mail?: OutgoingMail) => /https:\/\/portal\.test\/l\/[\w.-]+/.exec(mail?.text ?? '')?.[0];
    expect(link(first)).toBeDefined();
    expect(link(first)).not.toBe(link(second));
    for (const mail of mails)
      expect(mail.text + mail.html).not.toContain(mail === first ? second?.to : first?.to);
    const settled = { state: 'SENT', fence: 1, leaseUntil: null, errorCode: null };
    const rows = await deliveries(shareId);
    expect(rows).toMatchObject([settled, settled]);
    expect(rows.map(({ messageId }) => messageId).sort()).toEqual(['m-1', 'm-2']);
    await run(mailer, { shareId });
    expect(mails).toHaveLength(2);
  });

  test('ten runs at once send each recipient one mail', async () => {
    const shareId = await readyShare(database.db, accountId, FIVE);
    const { mailer, to } = scriptedMailer();
    await Promise.all(Array.from({ length: 10 }, () => run(mailer, { shareId })));
    expect(to()).toEqual(['1@x.org', '2@x.org', '3@x.org', '4@x.org', '5@x.org']);
    expect(new Set(await states(shareId))).toEqual(new Set(['SENT']));
  });

  test.each([
    ['is not ready', { state: 'STORING' as const }],
    ['is revoked', { state: 'REVOKED' as const }],
    ['is past its time', { expiresAt: new Date(Date.now() - 1_000) }],
    ['can still be undone', { mailAfter: new Date(Date.now() + 60_000) }],
  ])('nothing leaves where the share %s', async (_, data) => {
    const shareId = await readyShare(database.db, accountId);
    await database.db.share.update({ where: { id: shareId }, data });
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { shareId });
    expect(mails).toEqual([]);
    expect(await states(shareId)).toEqual(['PENDING']);
  });

  test('nothing is begun once the time is nearly over', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer, mails } = scriptedMailer();
    const sql = await connect();
    const log = fakeLog();
    const deps = {
      sql,
      mailer,
      leaseMs: 60_000,
      sendRate: 10,
      log,
      monotonicMs: () => 100,
      compose: () => Promise.resolve(null),
    };
    await deliver(deps, { shareId }, 100);
    expect(mails).toEqual([]);
    expect(await states(shareId)).toEqual(['PENDING']);
  });
});

describe('a process that dies', () => {
  test('between two of five recipients leaves three for later, and mails the first two not again', async () => {
    const shareId = await readyShare(database.db, accountId, FIVE);
    const dying = await connect();
    const first = scriptedMailer(sent, sent, async () => {
      await dying.end();
      throw new Error('killed');
    });
    await expect(run(first.mailer, { shareId }, { sql: dying })).rejects.toThrow();
    expect(first.mails).toHaveLength(3);
    expect((await states(shareId)).filter((state) => state === 'SENDING')).toHaveLength(1);

    await lapseLeases(shareId);
    await reconcileNow();
    const second = scriptedMailer();
    await run(second.mailer, { shareId });
    expect(second.mails).toHaveLength(2);
    expect([...first.to(), ...second.to()].sort()).toEqual([
      '1@x.org',
      '2@x.org',
      '3@x.org',
      '4@x.org',
      '5@x.org',
    ]);
    // Nobody can know whether the mail that was under way left: it is not guessed.
    expect((await states(shareId)).sort()).toEqual(['SENT', 'SENT', 'SENT', 'SENT', 'UNCONFIRMED']);
  });

  test('after it claimed a mail leaves it to the next, once its lease is over', async () => {
    const shareId = await readyShare(database.db, accountId);
    const sql = await connect();
    const dead: DeliverDeps = {
      sql,
      mailer: scriptedMailer().mailer,
      leaseMs: timings.leaseMs,
      sendRate: 10_000,
      log: fakeLog(),
      monotonicMs: () => performance.now(),
      compose: () => Promise.reject(new Error('killed')),
    };
    await expect(deliver(dead, { shareId }, performance.now() + 10_000)).rejects.toThrow('killed');
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { shareId });
    expect(mails).toEqual([]);
    await lapseLeases(shareId);
    await reconcileNow();
    await run(mailer, { shareId });
    expect(mails).toHaveLength(1);
    expect(await deliveries(shareId)).toMatchObject([{ state: 'SENT', fence: 2 }]);
  });

  test('whose connection is lost while it hands the mail over never sends it twice', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer, mails } = scriptedMailer(async () => {
      await database.db.$executeRaw`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`;
      return sent;
    });
    await expect(run(mailer, { shareId })).rejects.toThrow();
    expect(await states(shareId)).toEqual(['SENDING']);
    await run(mailer, { shareId });
    await lapseLeases(shareId);
    await reconcileNow();
    await run(mailer, { shareId });
    expect(mails).toHaveLength(1);
    expect(await states(shareId)).toEqual(['UNCONFIRMED']);
  });

  test('that was frozen before the call does not send', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer, mails } = scriptedMailer();
    const sql = await connect();
    let frozenMs = 0;
    const freezing: DeliverDeps['sql'] = {
      query: ((text: string, values: unknown[]) => {
        if (text.includes('FOR SHARE')) frozenMs = 5_001;
        return sql.query(text, values);
      }) as typeof sql.query,
    };
    await run(mailer, { shareId }, { sql: freezing, monotonicMs: () => performance.now() + frozenMs });
    expect(mails).toEqual([]);
    expect(await deliveries(shareId)).toMatchObject([{ state: 'UNCONFIRMED', errorCode: 'frozen' }]);
  });

  test('that wakes after its lease does not send, and somebody else does', async () => {
    const shareId = await readyShare(database.db, accountId);
    const asleep = scriptedMailer();
    const sql = await connect();
    await deliver(
      {
        sql,
        mailer: asleep.mailer,
        leaseMs: timings.leaseMs,
        sendRate: 10_000,
        log: fakeLog(),
        monotonicMs: () => performance.now(),
        async compose(delivery) {
          await lapseLeases(shareId);
          await reconcileNow();
          const awake = scriptedMailer();
          await run(awake.mailer, { shareId });
          expect(awake.mails).toHaveLength(1);
          return composeDelivery({ sql, portalUrl: 'https://portal.test', linkSecrets }, delivery);
        },
      },
      { shareId },
      performance.now() + 10_000,
    );
    expect(asleep.mails).toEqual([]);
    expect(await deliveries(shareId)).toMatchObject([{ state: 'SENT', fence: 2 }]);
  });
});

test('a process whose claim was taken over does not send under the new owner’s', async () => {
  const shareId = await readyShare(database.db, accountId);
  const late = scriptedMailer();
  const sql = await connect();
  await deliver(
    {
      sql,
      mailer: late.mailer,
      leaseMs: timings.leaseMs,
      sendRate: 10_000,
      log: fakeLog(),
      monotonicMs: () => performance.now(),
      async compose(delivery) {
        // Another process has claimed it since, and is about to send.
        await database.db.delivery.updateMany({ where: { shareId }, data: { fence: 2 } });
        return composeDelivery({ sql, portalUrl: 'https://portal.test', linkSecrets }, delivery);
      },
    },
    { shareId },
    performance.now() + 10_000,
  );
  expect(late.mails).toEqual([]);
  expect(await deliveries(shareId)).toMatchObject([{ state: 'CLAIMED', fence: 2 }]);
});

describe('what the mail service says', () => {
  test('"nobody can know" is never tried again', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer, mails } = scriptedMailer({ outcome: 'unknown', errorCode: 'ETIMEDOUT' });
    await run(mailer, { shareId });
    expect(await deliveries(shareId)).toMatchObject([{ state: 'UNCONFIRMED', errorCode: 'ETIMEDOUT' }]);
    await age(shareId);
    await reconcileNow();
    await run(mailer, { shareId });
    expect(mails).toHaveLength(1);
  });

  test('"not taken" is tried again later, and not at once', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer, mails } = scriptedMailer({ outcome: 'not-taken', errorCode: 'Throttling' });
    await run(mailer, { shareId });
    const [delivery] = await deliveries(shareId);
    expect(delivery).toMatchObject({ state: 'PENDING', errorCode: 'Throttling', messageId: null });
    expect(delivery?.nextAt.getTime()).toBeGreaterThan(Date.now());
    expect(mails).toHaveLength(1);
    await age(shareId);
    await run(mailer, { shareId });
    expect(mails).toHaveLength(2);
    expect(await deliveries(shareId)).toMatchObject([{ state: 'SENT', errorCode: null }]);
  });

  test('"refused" ends this mail, and the others leave', async () => {
    const shareId = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org'] });
    const { mailer } = scriptedMailer({ outcome: 'refused', errorCode: 'MessageRejected' });
    await run(mailer, { shareId });
    expect((await states(shareId)).sort()).toEqual(['FAILED', 'SENT']);
  });

  test('"sent" counts even where the answer came after the lease lapsed', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { mailer } = scriptedMailer(async () => {
      await lapseLeases(shareId);
      await reconcileNow();
      expect(await states(shareId)).toEqual(['UNCONFIRMED']);
      return sent;
    });
    await run(mailer, { shareId });
    expect(await deliveries(shareId)).toMatchObject([{ state: 'SENT', messageId: 'm-1', errorCode: null }]);
  });

  test('is told to the sender in chat', async () => {
    const { db } = database;
    const shareId = await readyShare(db, accountId);
    await db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    await run(scriptedMailer().mailer, { shareId });
    expect(await db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({ owed: 1 });
  });
});

test('a process that dies right after its COMMIT has told the chat sender what became of the mail', async () => {
  const { db } = database;
  const shareId = await readyShare(db, accountId);
  await db.chatNotice.create({
    data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
  });
  const sql = await connect();
  const dying: DeliverDeps['sql'] = {
    query: (async (text: string, values: unknown[]) => {
      const result = await sql.query(text, values);
      if (text === 'COMMIT') throw new Error('killed');
      return result;
    }) as typeof sql.query,
  };
  await expect(run(scriptedMailer().mailer, { shareId }, { sql: dying })).rejects.toThrow('killed');
  expect(await states(shareId)).toEqual(['SENT']);
  expect(await db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({ owed: 1 });
});

describe('a revoke while a mail is handed over', () => {
  test('waits for it, and no mail leaves after its commit', async () => {
    const shareId = await readyShare(database.db, accountId, FIVE);
    let isHandedOver = false;
    let revoked: Promise<[isHandedOver: boolean, mails: number]> | undefined;
    const { mailer, mails } = scriptedMailer(async () => {
      const deps = { db: database.db, queue: fakeQueue(), log: fakeLog() };
      revoked = revokeShare(deps, accountId, shareId).then(() => [isHandedOver, mails.length]);
      await untilWaiting(database);
      isHandedOver = true;
      return sent;
    });
    await run(mailer, { shareId });
    // One, unless Postgres lets the next mail lock the share before the revoke that waits for it.
    expect(await revoked).toEqual([true, mails.length]);
    expect((await states(shareId)).sort()).toEqual([
      ...Array.from({ length: 5 - mails.length }, () => 'CANCELLED'),
      ...mails.map(() => 'SENT'),
    ]);
  });

  test.each(['the share', 'the recipient'])(
    'of %s that commits just before the call cancels it',
    async (what) => {
      const shareId = await readyShare(database.db, accountId);
      const deps = { db: database.db, queue: fakeQueue(), log: fakeLog() };
      const { id } = await database.db.recipient.findFirstOrThrow({ where: { shareId } });
      const sql = await connect();
      const revoking: DeliverDeps['sql'] = {
        query: (async (text: string, values: unknown[]) => {
          if (text === 'BEGIN') {
            if (what === 'the share') await revokeShare(deps, accountId, shareId);
            else await revokeRecipient(deps, accountId, shareId, id);
          }
          return sql.query(text, values);
        }) as typeof sql.query,
      };
      const { mailer, mails } = scriptedMailer();
      await run(mailer, { shareId }, { sql: revoking });
      expect(mails).toEqual([]);
      expect(await states(shareId)).toEqual(['CANCELLED']);
    },
  );
});

describe('an account mail', () => {
  const owe = async (topic?: string): Promise<string> => {
    const marks = fakeMarks();
    const kind = topic ? 'NOTICE' : 'RESET_PASSWORD';
    const mail = { kind, accountId, email: 'ann@sender.example', ...(topic ? { topic } : {}) } as const;
    await oweMail({ db: database.db, marks, log: fakeLog() }, mail);
    return marks.mails[0] ?? '';
  };

  test('leaves once, from us, without an address to answer to', async () => {
    const deliveryId = await owe();
    const { mailer, mails } = scriptedMailer();
    await Promise.all(Array.from({ length: 5 }, () => run(mailer, { deliveryId })));
    expect(mails).toMatchObject([
      { to: 'ann@sender.example', fromName: 'Passalong', replyTo: null, shareId: null },
    ]);
    expect(mails[0]?.text).toMatch(/https:\/\/portal\.test\/reset\/[\w.-]{66}\n/);
  });

  test.each(['already-registered', 'chat-connected'])('about %s can be written', async (topic) => {
    const deliveryId = await owe(topic);
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { deliveryId });
    expect(mails[0]?.text).toContain('https://portal.test/');
  });

  test('of an account that is gone is cancelled, and not tried for ever', async () => {
    const deliveryId = await owe();
    await database.db.account.delete({ where: { id: accountId } });
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { deliveryId });
    expect(mails).toEqual([]);
    expect(await database.db.delivery.findUnique({ where: { id: deliveryId } })).toMatchObject({
      state: 'CANCELLED',
    });
  });

  test.each([
    ['RESET_PASSWORD', 24],
    ['CONFIRM_ADDRESS', 23 * 60 + 54],
  ] as const)(
    '%s leaves for %i minutes, and is cancelled once its link would be dead',
    async (kind, minutes) => {
      const marks = fakeMarks();
      const { mailer, mails } = scriptedMailer();
      const runAfter = async (waitedMinutes: number): Promise<DeliveryState> => {
        await oweMail(
          { db: database.db, marks, log: fakeLog() },
          { kind, accountId, email: 'ann@sender.example' },
        );
        const deliveryId = marks.mails.at(-1) ?? '';
        await database.db.$executeRaw`
        UPDATE delivery SET created_at = now() - ${waitedMinutes} * interval '1 minute' WHERE id = ${deliveryId}::uuid`;
        await run(mailer, { deliveryId });
        return (await database.db.delivery.findUniqueOrThrow({ where: { id: deliveryId } })).state;
      };
      expect(await runAfter(minutes)).toBe('SENT');
      expect(await runAfter(minutes + 2)).toBe('CANCELLED');
      expect(mails).toHaveLength(1);
    },
  );

  test('without a link leaves however long it was held up', async () => {
    const deliveryId = await owe('chat-connected');
    await database.db.$executeRaw`
      UPDATE delivery SET created_at = now() - interval '3 days' WHERE id = ${deliveryId}::uuid`;
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { deliveryId });
    expect(mails).toHaveLength(1);
  });

  test('cannot be had through the mark of a share, nor a share mail through its own id', async () => {
    const shareId = await readyShare(database.db, accountId);
    const { id } = await database.db.delivery.findFirstOrThrow({ where: { shareId } });
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { deliveryId: id });
    await run(mailer, { shareId: await owe() });
    expect(mails).toEqual([]);
  });

  test('is owed at most three times an hour for the same purpose', async () => {
    const marks = fakeMarks();
    const deps = { db: database.db, marks, log: fakeLog() };
    const mail = { kind: 'RESET_PASSWORD', accountId, email: 'ann@sender.example' } as const;
    for (let count = 0; count < 6; count += 1) await oweMail(deps, mail);
    expect(marks.mails).toHaveLength(3);
    await oweMail(deps, { ...mail, kind: 'CONFIRM_ADDRESS' });
    expect(marks.mails).toHaveLength(4);
    await database.db
      .$executeRaw`UPDATE delivery SET created_at = now() - interval '61 minutes' WHERE subject_id = ${accountId}::uuid`;
    await oweMail(deps, mail);
    expect(marks.mails).toHaveLength(5);
  });

  test('is owed however many mails about something else strangers have caused', async () => {
    const marks = fakeMarks();
    const deps = { db: database.db, marks, log: fakeLog() };
    const mail = { kind: 'NOTICE', accountId, email: 'ann@sender.example' } as const;
    for (let count = 0; count < 6; count += 1) await oweMail(deps, { ...mail, topic: 'already-registered' });
    expect(marks.mails).toHaveLength(3);
    await oweMail(deps, { ...mail, topic: 'something-else' });
    expect(marks.mails).toHaveLength(4);
  });

  test('about a chat identity that was connected is owed each time, also several times at once', async () => {
    const marks = fakeMarks();
    const deps = { db: database.db, marks, log: fakeLog() };
    const mail = { kind: 'NOTICE', accountId, email: 'ann@sender.example' } as const;
    await Promise.all([
      ...Array.from({ length: 5 }, () => oweMail(deps, { ...mail, topic: 'chat-connected' })),
      ...Array.from({ length: 5 }, () => oweMail(deps, { ...mail, topic: 'already-registered' })),
    ]);
    expect(
      await database.db.delivery.count({ where: { subjectId: accountId, topic: 'chat-connected' } }),
    ).toBe(5);
    expect(marks.mails).toHaveLength(8);
  });

  test('is owed even where its mark cannot be written now', async () => {
    const marks = { ...fakeMarks(), isDown: true };
    const deps = { db: database.db, marks, log: fakeLog() };
    await oweMail(deps, { kind: 'RESET_PASSWORD', accountId, email: 'ann@sender.example' });
    expect(await database.db.delivery.count({ where: { subjectId: accountId, state: 'PENDING' } })).toBe(1);
  });
});

describe('a suppressed address', () => {
  const suppress = (email: string, reason: 'BOUNCE' | 'COMPLAINT' = 'BOUNCE', hoursAgo = 0) =>
    database.db.suppression.upsert({
      where: { emailKey: email },
      create: { emailKey: email, reason, createdAt: new Date(Date.now() - hoursAgo * 3_600_000) },
      update: { reason },
    });

  afterEach(() => database.db.suppression.deleteMany());

  test('gets no mail of a share, whoever shares; the others do, and the chat sender is told', async () => {
    const { db } = database;
    await suppress('gone@x.org', 'BOUNCE', 24 * 365);
    const shareId = await readyShare(db, accountId, { emails: ['Gone@x.org carla@x.org'] });
    await db.chatNotice.create({
      data: { kind: 'SHARE', subjectId: shareId, platform: 'SLACK', workspaceId: 'T', userId: 'U' },
    });
    const { mailer, to } = scriptedMailer();
    await run(mailer, { shareId });
    expect(to()).toEqual(['carla@x.org']);
    expect(await deliveries(shareId)).toMatchObject([
      { email: 'Gone@x.org', state: 'SUPPRESSED', leaseUntil: null, messageId: null },
      { email: 'carla@x.org', state: 'SENT' },
    ]);
    expect(await db.chatNotice.findFirst({ where: { subjectId: shareId } })).toMatchObject({ owed: 2 });
  });

  test('takes no place in the row of mails', async () => {
    await suppress('gone@x.org');
    const shareId = await readyShare(database.db, accountId, { emails: ['gone@x.org'] });
    const before = await database.db.sendRate.findFirst();
    await run(scriptedMailer().mailer, { shareId });
    expect(await database.db.sendRate.findFirst()).toEqual(before);
  });

  test('gets none where it was added after the claim, just before the call', async () => {
    const shareId = await readyShare(database.db, accountId, { emails: ['gone@x.org'] });
    const sql = await connect();
    const late: DeliverDeps['sql'] = {
      query: (async (text: string, values: unknown[]) => {
        if (text === 'BEGIN') await suppress('gone@x.org');
        return sql.query(text, values);
      }) as typeof sql.query,
    };
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { shareId }, { sql: late });
    expect(mails).toEqual([]);
    expect(await states(shareId)).toEqual(['SUPPRESSED']);
  });

  test('is left as it was by a process that dies before it has written so', async () => {
    await suppress('gone@x.org');
    const shareId = await readyShare(database.db, accountId, { emails: ['gone@x.org'] });
    const sql = await connect();
    const dying: DeliverDeps['sql'] = {
      query: (async (text: string, values: unknown[]) => {
        if (text === 'COMMIT') throw new Error('killed');
        return sql.query(text, values);
      }) as typeof sql.query,
    };
    const { mailer, mails } = scriptedMailer();
    await expect(run(mailer, { shareId }, { sql: dying })).rejects.toThrow('killed');
    await lapseLeases(shareId);
    await reconcileNow();
    await run(mailer, { shareId });
    expect(mails).toEqual([]);
    expect(await states(shareId)).toEqual(['SUPPRESSED']);
  });

  test.each([
    ['CONFIRM_ADDRESS', 'COMPLAINT', 0, 'SENT'],
    ['RESET_PASSWORD', 'COMPLAINT', 0, 'SENT'],
    ['CONFIRM_ADDRESS', 'BOUNCE', 23, 'SUPPRESSED'],
    ['CONFIRM_ADDRESS', 'BOUNCE', 25, 'SENT'],
    ['RESET_PASSWORD', 'BOUNCE', 25, 'SENT'],
    ['NOTICE', 'COMPLAINT', 25, 'SUPPRESSED'],
    ['NOTICE', 'BOUNCE', 25, 'SUPPRESSED'],
  ] as const)('and a mail %s, after a %s %i hours ago: %s', async (kind, reason, hoursAgo, state) => {
    await suppress('ann@sender.example', reason, hoursAgo);
    const marks = fakeMarks();
    await oweMail(
      { db: database.db, marks, log: fakeLog() },
      { kind, accountId, email: 'ann@sender.example', topic: 'chat-connected' },
    );
    const deliveryId = marks.mails[0] ?? '';
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { deliveryId });
    expect(mails).toHaveLength(state === 'SENT' ? 1 : 0);
    expect(await database.db.delivery.findUnique({ where: { id: deliveryId } })).toMatchObject({ state });
  });
});

describe('an event that overtakes the answer of the call', () => {
  test.each<[MailResult, FeedbackKind, DeliveryState]>([
    [sent, 'sent', 'SENT'],
    [sent, 'delivered', 'DELIVERED'],
    [sent, 'hard-bounce', 'BOUNCED'],
    [{ outcome: 'unknown', errorCode: 'ETIMEDOUT' }, 'sent', 'SENT'],
    [{ outcome: 'not-taken', errorCode: 'Throttling' }, 'delivered', 'DELIVERED'],
  ])('%j by %s leaves the mail %s, and it is not sent again', async (answer, kind, state) => {
    const shareId = await readyShare(database.db, accountId);
    const [row] = await deliveries(shareId);
    const events = await connect();
    const { mailer, mails } = scriptedMailer(async () => {
      const event = { deliveryId: row?.id ?? '', messageId: 'm-1', kind, detail: null, at: new Date() };
      await recordFeedback({ sql: events, log: fakeLog() }, { ...event, eventId: `${kind}:${row?.id}` });
      return answer;
    });
    await run(mailer, { shareId });
    await age(shareId);
    await reconcileNow();
    await run(mailer, { shareId });
    expect(mails).toHaveLength(1);
    expect(await deliveries(shareId)).toMatchObject([{ state, messageId: 'm-1' }]);
    await database.db.suppression.deleteMany();
  });
});

describe('the one rate of all processes', () => {
  /** The next free place, in milliseconds from now on the database's clock. */
  const nextPlaceMs = async (): Promise<number> => {
    const [row] = await database.db.$queryRaw<{ ms: number }[]>`
      SELECT (extract(epoch FROM next_at - clock_timestamp()) * 1000)::float8 AS ms FROM send_rate`;
    return row?.ms ?? 0;
  };
  const reserveUntil = (seconds: number) => database.db.$executeRaw`
    INSERT INTO send_rate (id, next_at) VALUES (1, now() + ${seconds} * interval '1 s')
    ON CONFLICT (id) DO UPDATE SET next_at = excluded.next_at`;

  afterEach(() => reserveUntil(0));

  test('spaces the mails of several processes', async () => {
    const times: number[] = [];
    const mailer: Mailer = {
      async send() {
        times.push(performance.now());
        return sent;
      },
    };
    const shares = [
      await readyShare(database.db, accountId, FIVE),
      await readyShare(database.db, accountId, FIVE),
    ];
    await reserveUntil(0);
    const startedAt = performance.now();
    await Promise.all(shares.map((shareId) => run(mailer, { shareId }, { sendRate: 10 })));
    expect(times).toHaveLength(10);
    // Ten places of 100 ms each; the last mail waits for the nine before it. A timer may be a millisecond early.
    expect(Math.max(...times) - startedAt).toBeGreaterThan(880);
    expect((await nextPlaceMs()) + performance.now() - startedAt).toBeGreaterThan(980);
  });

  test.each([
    ['its own time', 45, 60_000],
    ['half of its lease', 10, 3_000],
  ])('has no place taken that lies beyond %s, and the claim is given back', async (_, seconds, leaseMs) => {
    const shareId = await readyShare(database.db, accountId, FIVE);
    await reserveUntil(seconds);
    const before = await nextPlaceMs();
    const startedAt = performance.now();
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { shareId }, { sendRate: 0.8, leaseMs });
    expect(mails).toEqual([]);
    expect(await nextPlaceMs()).toBeLessThanOrEqual(before);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const row = { state: 'PENDING', leaseUntil: null };
    expect(await deliveries(shareId)).toMatchObject([row, row, row, row, row]);
    await reserveUntil(0);
    await run(mailer, { shareId });
    expect(mails).toHaveLength(5);
  });

  test('waits no longer than the lease allows, and then sends', async () => {
    const shareId = await readyShare(database.db, accountId);
    await reserveUntil(1);
    const { mailer, mails } = scriptedMailer();
    await run(mailer, { shareId }, { leaseMs: 3_000 });
    expect(mails).toHaveLength(1);
    expect(await states(shareId)).toEqual(['SENT']);
  });
});

async function lapseLeases(shareId: string): Promise<void> {
  await database.db.$executeRaw`
    UPDATE delivery SET lease_until = now() - interval '1 s' WHERE share_id = ${shareId}::uuid AND lease_until IS NOT NULL`;
}

async function age(shareId: string): Promise<void> {
  await database.db.$executeRaw`
    UPDATE delivery SET next_at = now() - interval '1 s', state_at = state_at - interval '1 hour' WHERE share_id = ${shareId}::uuid`;
}
