import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QueueOptions } from '../../adapters/queue-backend.js';
import { createQueueReadyMarks } from '../../adapters/queue-ready-marks.js';
import { registerAccount } from '../../core/accounts/register.js';
import { isAppError } from '../../core/errors.js';
import type { ReadyMarks } from '../../core/ports.js';
import { markReady } from '../../core/shares/mark-ready.js';
import { reconcile } from '../../core/shares/reconcile.js';
import { revokeShare } from '../../core/shares/revoke-share.js';
import { createAccount } from '../support/accounts.js';
import {
  fakeFiles,
  fakeLog,
  fakePasswords,
  fakeQueue,
  fakeRates,
  linkSecrets,
  timings,
} from '../support/fakes.js';
import { createCertificate, type TestCertificate } from '../support/create-certificate.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { readyShare } from '../support/shares.js';
import { startBot, type BotProcess } from '../support/start-bot.js';
import { hasRedis, REDIS_HINT, startRedis, type TestRedis } from '../support/start-redis.js';
import { startSmtp, type TestSmtp } from '../support/start-smtp.js';

const isRedisHere = hasRedis();

test.runIf(process.env.CI === 'true')('Redis is there for the mailer’s tests in CI', () => {
  expect(isRedisHere, REDIS_HINT).toBe(true);
});

describe.each([
  ['Postgres', false, false],
  [isRedisHere ? 'Redis' : `Redis (skipped: ${REDIS_HINT})`, true, !isRedisHere],
])('the mailer on %s', (_, onRedis, isSkipped) => {
  describe.skipIf(isSkipped)('as it ships', () => {
    let mailerPath: string;
    let database: OpenTestDatabase;
    let redis: TestRedis | null;
    let smtp: TestSmtp;
    let marks: ReadyMarks & { close(): Promise<void> };
    let accountId: string;
    /** Those that run. A start takes the better part of a second, so that they go on in the next test. */
    let hosts: BotProcess[] = [];

    beforeAll(async () => {
      mailerPath = await getBuilt('mailer.js');
      [database, redis, smtp] = await Promise.all([
        openTestDatabase(),
        onRedis ? startRedis() : null,
        startSmtp(),
      ]);
      marks = createQueueReadyMarks(queueOptions());
    });

    afterAll(async () => {
      await Promise.all(hosts.map((host) => host.end('SIGKILL')));
      await Promise.all([marks.close(), smtp.close()]);
      await redis?.close();
      await database.release();
    });

    beforeEach(async () => {
      smtp.received.length = 0;
      accountId = (await createAccount(database.db)).id;
    });

    afterEach(() => {
      delete smtp.faults.message;
      delete smtp.faults.recipient;
    });

    const queueOptions = (): QueueOptions => ({
      redisUrl: redis?.url,
      databaseUrl: database.connectionString,
      log: fakeLog(),
    });

    const deps = () => ({
      ...{ db: database.db, marks, timings, linkSecrets },
      ...{ files: fakeFiles(), queue: fakeQueue(), log: fakeLog() },
      ...{ passwords: fakePasswords(), rates: fakeRates() },
    });

    const mailsTo = (...emails: string[]) =>
      smtp.received.filter(({ destinations }) => destinations.some((each) => emails.includes(each)));

    const states = async (shareId: string): Promise<string[]> =>
      (await database.db.delivery.findMany({ where: { shareId } })).map(({ state }) => state);

    async function startHost(env: Record<string, string> = {}): Promise<BotProcess> {
      const host = await startBot(mailerPath, {
        NODE_ENV: 'test',
        LEASE_SECONDS: '3',
        DATABASE_URL: database.connectionString,
        ...(redis ? { REDIS_URL: redis.url } : {}),
        SMTP_URL: smtp.url,
        SMTP_FROM: 'no-reply@portal.test',
        SMTP_MAX_SEND_RATE: '1000',
        PORTAL_URL: 'https://portal.test',
        LINK_SECRET: linkSecrets[0],
        ...env,
      });
      hosts.push(host);
      return host;
    }

    async function runHost(): Promise<BotProcess> {
      hosts = hosts.filter(({ child }) => child.exitCode === null && child.signalCode === null);
      return hosts[0] ?? startHost();
    }

    /** What a lapse of time does, and then the reconciler. */
    async function reconcileLater(shareId: string): Promise<void> {
      await database.db
        .$executeRaw`UPDATE share SET marked_at = now() - interval '3 minutes' WHERE id = ${shareId}::uuid`;
      await database.db.$executeRaw`
        UPDATE delivery SET lease_until = now() - interval '1 s' WHERE share_id = ${shareId}::uuid AND lease_until IS NOT NULL`;
      await reconcile(deps());
    }

    // First: the queue must hold the mark while nobody listens.
    test('whose queue lost everything is fed again by the reconciler', async () => {
      const shareId = await readyShare(database.db, accountId);
      await markReady(deps(), shareId);
      await emptyQueue();
      await runHost();
      await settle();
      expect(smtp.received).toEqual([]);
      await reconcileLater(shareId);
      await until(async () => (await states(shareId))[0] === 'SENT');
      expect(smtp.received).toHaveLength(1);
    });

    test('has an account mail leave once', async () => {
      await runHost();
      const email = `${accountId}@new.example`;
      const person = { firstName: 'Ann', lastName: 'Lee', email, password: 'violet tractor jumps' };
      await registerAccount(deps(), person);
      await until(async () => mailsTo(email).length > 0);
      const { id } = await database.db.delivery.findFirstOrThrow({ where: { email } });
      await Promise.all([marks.markMail(id), marks.markMail(id)]);
      await settle();
      expect(mailsTo(email)).toHaveLength(1);
      expect(mailsTo(email)[0]?.text).toContain('https://portal.test/confirm/');
    });

    test('mails nobody of a share that was revoked meanwhile', async () => {
      const host = await runHost();
      host.child.kill('SIGSTOP');
      const shareId = await readyShare(database.db, accountId);
      await markReady(deps(), shareId);
      await revokeShare(deps(), accountId, shareId);
      host.child.kill('SIGCONT');
      await settle();
      expect(smtp.received).toEqual([]);
      expect(await states(shareId)).toEqual(['CANCELLED']);
    });

    test('keeps a mail that was not taken, and sends it when it is marked again', async () => {
      smtp.faults.recipient = 451;
      await runHost();
      const shareId = await readyShare(database.db, accountId);
      await markReady(deps(), shareId);
      const { id } = await database.db.delivery.findFirstOrThrow({ where: { shareId } });
      const read = () => database.db.delivery.findUniqueOrThrow({ where: { id } });
      await until(async () => (await read()).errorCode === 'smtp 451');
      expect((await read()).state).toBe('PENDING');
      delete smtp.faults.recipient;
      await database.db.delivery.update({ where: { id }, data: { nextAt: new Date() } });
      await reconcileLater(shareId);
      await until(async () => (await states(shareId))[0] === 'SENT');
      expect(smtp.received).toHaveLength(1);
    });

    test('has each recipient of a share mailed once, however often it is marked', async () => {
      await runHost();
      const second = await startHost();
      const shareId = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org 3@x.org'] });
      await Promise.all(Array.from({ length: 10 }, () => markReady(deps(), shareId)));
      await until(async () => (await states(shareId)).every((state) => state === 'SENT'));
      await markReady(deps(), shareId);
      await settle();
      expect(smtp.received.map(({ to }) => to).sort()).toEqual(['1@x.org', '2@x.org', '3@x.org']);
      const deliveries = await database.db.delivery.findMany({ where: { shareId } });
      expect(deliveries.map(({ id, messageId }) => [id, messageId])).toEqual(
        deliveries.map(({ id }) => [id, `${id}@portal.test`]),
      );
      await second.end('SIGKILL');
    });

    test('that is killed while a mail may have left sends it no second time', async () => {
      smtp.faults.message = 'hang';
      const host = await runHost();
      const shareId = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org'] });
      await markReady(deps(), shareId);
      await until(async () => smtp.received.length === 1);
      await host.end('SIGKILL');
      delete smtp.faults.message;
      await runHost();
      await until(async () => {
        await reconcileLater(shareId);
        return (await states(shareId)).every((state) => ['SENT', 'UNCONFIRMED'].includes(state));
      });
      await settle();
      expect((await states(shareId)).sort()).toEqual(['SENT', 'UNCONFIRMED']);
      expect(smtp.received.map(({ to }) => to).sort()).toEqual(['1@x.org', '2@x.org']);
    });

    test('ends in order after the mail that is under way, and leaves the rest as it was', async () => {
      for (const host of hosts) await host.end('SIGKILL');
      // A transaction that waits longer than a lease is ended, and a busy machine may take that long.
      const host = await startHost({ LEASE_SECONDS: '30' });
      const shareId = await readyShare(database.db, accountId, { emails: ['1@x.org 2@x.org 3@x.org'] });
      smtp.faults.message = 'hang';
      await markReady(deps(), shareId);
      await until(async () => smtp.received.length === 1);
      const ended = host.end('SIGTERM');
      await settle(300);
      smtp.goOn();
      expect(await ended, host.output()).toBe(0);
      expect((await states(shareId)).sort()).toEqual(['PENDING', 'PENDING', 'SENT']);
      expect(host.output()).not.toMatch(/"level":50/);
    });

    async function emptyQueue(): Promise<void> {
      if (redis) {
        const client = new Redis(redis.url);
        await client.flushall();
        client.disconnect();
        return;
      }
      const { rowCount } = await database.pool.query('DELETE FROM bullmq.job');
      expect(rowCount).toBeGreaterThan(0);
    }
  });
});

describe('the mailer on another machine than its SMTP server', () => {
  let database: OpenTestDatabase;
  let certificate: TestCertificate;

  beforeAll(async () => {
    [database, certificate] = await Promise.all([openTestDatabase(), createCertificate('::ffff:127.0.0.1')]);
  });

  afterAll(async () => {
    await certificate.remove();
    await database.release();
  });

  test.each([
    ['smtp', false],
    ['smtps', true],
  ])('signs in and mails by %s alone over TLS, where the certificate holds', async (scheme, secure) => {
    const { key, cert, file } = certificate;
    const smtp = await startSmtp({ hideSTARTTLS: false, secure, key, cert });
    const marks = createQueueReadyMarks({
      redisUrl: undefined,
      databaseUrl: database.connectionString,
      log: fakeLog(),
    });
    const host = await startBot(await getBuilt('mailer.js'), {
      DATABASE_URL: database.connectionString,
      // This machine by a name that does not say so.
      SMTP_URL: `${scheme}://user:p%40ss%2Fword@[::ffff:7f00:1]:${smtp.port}`,
      SMTP_FROM: 'no-reply@portal.test',
      PORTAL_URL: 'https://portal.test',
      LINK_SECRET: linkSecrets[0],
      NODE_EXTRA_CA_CERTS: file,
    });
    const shareId = await readyShare(database.db, (await createAccount(database.db)).id);
    await markReady({ db: database.db, queue: fakeQueue(), marks }, shareId);
    await until(async () => smtp.received.length > 0);
    expect(smtp.logins).toEqual([{ user: 'user', isSecure: true }]);
    await host.end('SIGTERM');
    await Promise.all([marks.close(), smtp.close()]);
  });
});

test('a mark that the queue does not take is refused, so that the reconciler makes it', async () => {
  for (const redisUrl of ['redis://127.0.0.1:1', undefined]) {
    const databaseUrl = 'postgresql://127.0.0.1:1/none';
    const marks = createQueueReadyMarks({ redisUrl, databaseUrl, log: fakeLog() });
    const refusal: unknown = await marks.markShare(crypto.randomUUID()).catch((error: unknown) => error);
    expect(isAppError(refusal) && refusal.kind).toBe('unavailable');
    void marks.close().catch(() => undefined);
  }
});

/** Long enough for a host to do what it should not. */
function settle(milliseconds = 700): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error('waited 40 s in vain');
}
