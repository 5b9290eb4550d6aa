import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, waitFor } from '../../local/demo/entrance.js';
import { discordPerson, slackPerson } from '../support/chat-people.js';
import { linkIn, mailsTo, waitForMail } from '../support/inbox.js';
import { signIn, type PortalPerson } from '../support/portal-person.js';
import { sendAtOnce } from '../support/send-at-once.js';
import { findMissingForCluster, startCluster, type TestCluster } from '../support/start-cluster.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

// In CI nothing is skipped: there it fails where nginx or Redis is missing.
const missing = process.env.CI ? null : findMissingForCluster();
const AT_ONCE = 50;

let database: TestDatabase;
let cluster: TestCluster;
let ada: PortalPerson;

describe.skipIf(missing)(`npm run cluster${missing ? ` (skipped: ${missing})` : ''}`, () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    cluster = await startCluster({
      env: { DATABASE_URL: database.connectionString, LEASE_SECONDS: '3', MAX_RECIPIENTS_PER_DAY: '100000' },
    });
    await cluster.query('UPDATE account SET undo_seconds = 0, confirms_shares = false');
    ada = await signIn(cluster.urls.portal, cluster.account, cluster.fetch);
  });

  afterAll(async () => {
    const ending = await cluster.stop();
    await database.drop();
    expect(ending).toMatchObject({ code: 0, leftovers: [] });
  });

  test('prints what runs where, two of each, and what to break', () => {
    const lines = cluster.output().trim().split('\n');
    expect(lines[0]).toMatch(/^Passalong is ready \(\d+\.\d s\): two of each, behind nginx\.$/);
    for (const [name, value] of [
      ['Portal', /https:\/\/127\.0\.0\.1:\d+$/],
      ['Queue', /Redis at redis:\/\/127\.0\.0\.1:\d+$/],
      ['Certificate', /certificate\.pem {2}\(/],
      ['Portals', /process \d+ at port \d+, process \d+ at port \d+$/],
      ['Workers', /process \d+, process \d+$/],
      ['Bots', /process \d+, process \d+$/],
    ] as const) {
      expect(lines.filter((line) => line.startsWith(`  ${name} `) && value.test(line))).toHaveLength(1);
    }
    expect(cluster.output()).toContain(`and kill -9 ${cluster.pids['portal-1']}: nobody notices`);
  });

  test('who signed in on one portal is known to the other, by a cookie that only https carries', async () => {
    expect([...ada.client.cookies.keys()]).toEqual(['__Host-sid']);
    for (let round = 0; round < 6; round += 1) expect((await ada.client.get('/shares')).status).toBe(200);
    const asked = (await cluster.readAccessLog()).filter(({ path, status }) => {
      return path === '/shares' && status === 200;
    });
    expect(new Set(asked.map(({ upstream }) => upstream)).size).toBe(2);
  });

  test('what a page loads comes from nginx, to be kept for a year', async () => {
    const { text } = await ada.client.get('/shares/new');
    const paths = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, asset = '']) => asset);
    expect(paths.length).toBeGreaterThanOrEqual(2);
    for (const asset of paths) {
      const answer = await cluster.fetch(cluster.urls.portal + asset);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
    // nginx writes a line once the answer has left.
    const served = await waitFor('nginx to have logged them', async () => {
      const lines = (await cluster.readAccessLog()).filter(({ path }) => paths.includes(path));
      return lines.length === paths.length ? lines : undefined;
    });
    expect(served.map(({ upstream }) => upstream)).toEqual(paths.map(() => ''));
  });

  test('a share goes its way, and its link is in no log', async () => {
    const [to, bytes] = ['way@example.com', Buffer.from('The way.')];
    await ada.share([{ name: 'way.txt', bytes }], to);
    const link = linkIn(await waitForMail(cluster.urls.inbox, to));
    const page = await (await cluster.fetch(link)).text();
    const action = /action="([^"]*\/files\/[^"]*)"/.exec(page)?.[1] ?? '';
    const { origin } = new URL(link);
    const headers = { origin, referer: link };
    const pressed = await cluster.fetch(new URL(action, link).href, { method: 'POST', headers });
    const arrived = await fetch(pressed.headers.get('location') ?? '');
    expect(Buffer.from(await arrived.arrayBuffer()).equals(bytes)).toBe(true);

    const token = path.basename(link);
    for (const folder of ['nginx', 'logs']) {
      for (const name of await readdir(path.join(cluster.dataDir, folder))) {
        if (!name.endsWith('.log')) continue;
        const log = await readFile(path.join(cluster.dataDir, folder, name), 'utf8');
        expect(log.includes(token) || log.includes('X-Amz-Signature'), name).toBe(false);
      }
    }
  });

  test('kill -9 of a portal costs no GET', async () => {
    const outcomes = await underFire({ count: 1_000, kill: 'portal-1', signal: 'SIGKILL' }, look);
    expect(outcomes).toEqual({ 200: 1_000 });
  });

  test('a portal that is asked to end costs no GET and no POST', async () => {
    const load = { count: 400, kill: 'portal-2', signal: 'SIGTERM', atOnce: 20 } as const;
    const outcomes = await underFire(load, async (n) => {
      return n % 4 === 0 ? announce(randomUUID(), `term${n}@example.com`) : look();
    });
    expect(outcomes).toEqual({ 200: 300, 201: 100 });
  });

  test('kill -9 of a portal under forms that are sent again by their key loses no share, and doubles none', async () => {
    const load = { count: 100, kill: 'portal-1', signal: 'SIGKILL', atOnce: 10 } as const;
    const outcomes = await underFire(load, async (n) => {
      const formId = randomUUID();
      for (;;) {
        const status = await announce(formId, `key${n}@example.com`).catch(() => 502);
        // 201, or 200 where the first try was heard and only its answer was lost.
        if (status < 500) return status === 200 ? 201 : status;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    });
    expect(outcomes).toEqual({ 201: 100 });
    const shares = await cluster.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM recipient WHERE email LIKE 'key%@example.com' GROUP BY email`,
    );
    expect(shares.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, () => 1));
  });

  test('of two bots one answers each command, and both workers take work', async () => {
    const { slack, discord, inbox } = cluster.urls;
    const people = [slackPerson(slack, 'U0ADA00001'), discordPerson(discord, '100100000000000001')] as const;
    const before = await countAnswers();
    const addresses: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const [slackTo, discordTo] = [`s${n}@example.com`, `d${n}@example.com`];
      addresses.push(slackTo, discordTo);
      await people[0].fillForm([{ name: `s${n}.txt`, bytes: Buffer.from('s') }], slackTo);
      await people[1].share([{ name: `d${n}.txt`, bytes: Buffer.from('d') }], discordTo);
    }
    for (const to of addresses) await waitForMail(inbox, to);
    await waitFor('the last answer', async () => {
      const now = await countAnswers();
      return (now.slack === before.slack + 8 && now.discord === before.discord + 8) || null;
    });
    for (const to of addresses) expect(await mailsTo(inbox, to)).toHaveLength(1);
    expect(await countAnswers()).toEqual({ slack: before.slack + 8, discord: before.discord + 8 });
    for (const worker of ['worker-1', 'worker-2']) {
      const log = await readFile(path.join(cluster.dataDir, 'logs', `${worker}.log`), 'utf8');
      expect(log, worker).toContain('share stored');
    }
  });

  // Last: it uses up what the address of this machine may do.
  test('links are limited, in words', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) => cluster.fetch(`${cluster.urls.portal}/l/nothing${n}`)),
    );
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(await limited[0]!.text()).toContain('Wait a few seconds, then load this page again.');
  });
});

interface Fire {
  count: number;
  kill: string;
  signal: NodeJS.Signals;
  atOnce?: number;
}

/** Sends so many requests, and the signal to the process when a quarter is answered. @returns what became of them */
async function underFire(
  { count, kill, signal, atOnce = AT_ONCE }: Fire,
  send: (n: number) => Promise<number>,
): Promise<Record<string, number>> {
  await untilBothAnswer();
  let answered = 0;
  return sendAtOnce({ count, atOnce }, async (n) => {
    const status = await send(n);
    answered += 1;
    if (answered === Math.round(count / 4)) await cluster.kill(kill, signal);
    return status;
  });
}

/** A portal that was killed is started again, and nginx, which leaves it out for five seconds, has found it. */
async function untilBothAnswer(): Promise<void> {
  await waitFor('both portals', async () => {
    const before = (await cluster.readAccessLog()).length;
    for (let round = 0; round < 4; round += 1) await cluster.fetch(`${cluster.urls.portal}/sign-in`);
    const asked = (await cluster.readAccessLog()).slice(before);
    return new Set(asked.map(({ upstream }) => upstream)).size === 2 || null;
  });
}

const look = async (): Promise<number> => (await ada.client.get('/shares/new')).status;

/** A share of one file, of which nothing is uploaded. */
async function announce(formId: string, emails: string): Promise<number> {
  const files = [{ name: 'plan.txt', contentType: 'text/plain', sizeBytes: 4 }];
  const share = { formId, emails, message: '', lifetimeDays: 7, files };
  return (await ada.client.postJson('/shares', share)).status;
}

/** What the app has said in #general, and to Ada there. */
async function countAnswers(): Promise<{ slack: number; discord: number }> {
  const { slack, discord } = cluster.urls;
  const [inSlack, inDiscord] = await Promise.all([
    call<{ userId: string }[]>(`${slack}/_control/messages?userId=U0ADA00001&channelId=C0GENERAL1`),
    call<{ author: { bot?: boolean } }[]>(
      `${discord}/_control/messages?userId=100100000000000001&channelId=300000000000000001`,
    ),
  ]);
  return {
    slack: inSlack.filter(({ userId }) => !/^U0(ADA|GRACE|ALAN)/.test(userId)).length,
    discord: inDiscord.filter(({ author }) => author.bot).length,
  };
}
