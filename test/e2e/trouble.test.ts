import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../core/messages/messages.js';
import { call, waitFor } from '../../local/demo/entrance.js';
import {
  discordPerson,
  slackPerson,
  type ChatFile,
  type ChatPerson,
  type SlackPerson,
} from '../support/chat-people.js';
import { linkIn, mailsTo, waitForMail } from '../support/inbox.js';
import { signIn } from '../support/portal-person.js';
import { hasRedis, REDIS_HINT, startRedis, type TestRedis } from '../support/start-redis.js';
import {
  CLAMD_HINT,
  hasClamd,
  MALWARE,
  MALWARE_NAME,
  startClamd,
  type TestClamd,
} from '../support/start-clamd.js';
import { setStorage, storageOf } from '../support/set-storage.js';
import { sharedStack, shareStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

const isRedisMissing = !hasRedis() && !process.env.CI;
const isClamdMissing = !hasClamd() && !process.env.CI;

const file = (name: string): ChatFile => ({ name, bytes: Buffer.from(`These are the bytes of ${name}.`) });

let redis: TestRedis | null = null;
let clamd: TestClamd | null = null;
let stack: TestStack;
let slack: SlackPerson;
let discord: ChatPerson;

// Registered first, so that the stack has ended by then.
afterAll(async () => {
  await redis?.close();
  await clamd?.close();
});

shareStack(async () => {
  if (!isRedisMissing) redis = await startRedis();
  if (!isClamdMissing) clamd = await startClamd();
  return {
    LEASE_SECONDS: '3',
    S3_MIRRORS: '1',
    // What bad input goes beyond, and is.
    MAX_FILE_BYTES: '100000',
    BLOCKED_FILE_TYPES: '.Scr, vbs',
    ...(redis ? { REDIS_URL: redis.url } : {}),
    ...(clamd ? { CLAMD_URL: clamd.url } : {}),
  };
});

beforeAll(async () => {
  stack = sharedStack();
  await stack.query('UPDATE account SET undo_seconds = 0');
  slack = slackPerson(stack.urls.slack, 'U0ADA00001');
  discord = discordPerson(stack.urls.discord, '100100000000000001');
});

describe('bad input', async () => {
  await import('./bad-input.js');
});

describe('two copies of each file', async () => {
  await import('./mirrors.js');
});

describe('a file that is not what was promised fails its share, in words', () => {
  test('deleted in Slack before it could be copied (M7)', async () => {
    const to = 'deleted@example.com';
    const card = await slack.share([file('deleted.txt')], to);
    await call(`${stack.urls.slack}/_control/setFileState`, {
      json: { fileId: card.fileIds[0], state: 'deleted' },
    });
    const sent = await card.press('Send');
    await sent.waitFor(text('file.deleted', { name: 'deleted.txt', platform: 'Slack' }));
    await expectNothingOf(to);
  });

  test('a sign-in page of Slack instead of its bytes', async () => {
    const to = 'page@example.com';
    const name = 'page.txt';
    await setFaults(stack.urls.slack, { filesHost: 'sign-in-page' });
    const form = await slack.fillForm([file(name)], to);
    await form.waitFor(text('file.not_the_file', { name, platform: 'Slack' }));
    await setFaults(stack.urls.slack, { filesHost: 'ok' });
    await expectNothingOf(to);
  });

  test('shorter than announced, each time that it is asked for', async () => {
    const to = 'short@example.com';
    const name = 'short.txt';
    await setFaults(stack.urls.slack, { filesHost: 'truncate' });
    const form = await slack.fillForm([file(name)], to);
    // Tries are further and further apart: the next one is made the last.
    await waitFor('a first try', async () => {
      const rows = await stack.query(
        `UPDATE share SET fetch_failures = 5 WHERE state = 'RECEIVED' AND fetch_failures > 0 AND id IN
           (SELECT share_id FROM recipient WHERE email = $1) RETURNING id`,
        [to],
      );
      return rows[0];
    });
    await form.waitFor(text('file.unreachable', { name, platform: 'Slack' }));
    await setFaults(stack.urls.slack, { filesHost: 'ok' });
    await expectNothingOf(to);
  });

  test('an attachment of Discord whose URL has expired (M12)', async () => {
    const to = 'expired@example.com';
    await expireAttachments(true);
    const answer = await (await discord.share([file('expired.txt')], to)).press('Send');
    await answer.waitFor(text('file.link_expired', { name: 'expired.txt' }));
    await expireAttachments(false);
    await expectNothingOf(to);
  });

  test.skipIf(isClamdMissing)(
    `infected, from each entrance (M21)${isClamdMissing ? ` (skipped: ${CLAMD_HINT})` : ''}`,
    async () => {
      const infected = { name: 'infected.txt', bytes: Buffer.concat([Buffer.from('Hello, '), MALWARE]) };
      const message = text('file.infected', { name: infected.name, malware: MALWARE_NAME });
      const files = [file('fine.txt'), infected];
      // By the form: a file that is posted would be offered to every later /share.
      const form = await slack.fillForm(files, 'slack.infected@example.com');
      await form.waitFor(message);
      await expectNothingOf('slack.infected@example.com');
      const card = await discord.share(files, 'discord.infected@example.com');
      await (await card.press('Send')).waitFor(message);
      await expectNothingOf('discord.infected@example.com');
      const ada = await signIn(stack.urls.portal, stack.account);
      const { shareId } = await ada.share([infected], 'portal.infected@example.com');
      await waitFor('the portal to say so', async () => {
        const page = await ada.client.get(`/shares/${shareId}`);
        return page.text.includes('contains malware') || null;
      });
      await expectNothingOf('portal.infected@example.com');
    },
  );
});

test('an upload of another size than announced is mailed and billed with its own', async () => {
  const to = 'size@example.com';
  const ada = await signIn(stack.urls.portal, stack.account);
  const { shareId } = await ada.share([{ name: 'size.bin', bytes: Buffer.alloc(2048) }], to, 4096);
  expect((await waitForMail(stack.urls.inbox, to)).text).toContain('(2 KB)');
  const usage = await stack.query(
    `SELECT kind, bytes::int FROM usage_record WHERE share_id = $1 ORDER BY kind`,
    [shareId],
  );
  expect(usage).toEqual([
    { kind: 'SHARE', bytes: 4096 },
    { kind: 'CORRECTION', bytes: -2048 },
  ]);
});

test('shares wait while storage is down, and are mailed once when it is back (B18, M13)', async () => {
  for (const member of Object.keys(storageOf(stack))) await setStorage(stack, member, 'down');
  const waiting = await Promise.all(
    [slack, discord].map(async (person) => {
      const [name, to] = [`patient.${person.platform}.txt`, `storage.${person.platform}@example.com`];
      const answer = await (await person.share([file(name)], to)).press('Send');
      await answer.waitFor(new RegExp(`(Saved:|Copying) ${name}`));
      return { name, to, answer };
    }),
  );
  for (const { to } of waiting) {
    // It has been tried, in vain.
    await waitFor('the first tries', async () => {
      const [share] = await sharesTo(to);
      return (share?.fence ?? 0) >= 2 || null;
    });
    expect(await mailsTo(stack.urls.inbox, to)).toEqual([]);
  }
  for (const member of Object.keys(storageOf(stack))) await setStorage(stack, member, 'up');
  for (const { name, to, answer } of waiting) {
    await answer.waitFor(`Sent ${name}`);
    await expectDelivered(to, file(name));
  }
});

test.skipIf(isRedisMissing)(
  `a share is accepted while the queue is down, and is mailed once when it is back${isRedisMissing ? ` (skipped: ${REDIS_HINT})` : ''}`,
  async () => {
    const to = 'queue@example.com';
    await redis?.crash();
    const answer = await (await discord.share([file('queued.txt')], to)).press('Send');
    await answer.waitFor(text('chat.queued', { names: 'queued.txt' }));
    expect(await sharesTo(to)).toMatchObject([{ state: 'RECEIVED' }]);
    await redis?.revive();
    await answer.waitFor('Sent queued.txt');
    await expectDelivered(to, file('queued.txt'));
  },
);

/** One mail, and behind its link the very bytes. */
async function expectDelivered(to: string, { bytes }: ChatFile): Promise<void> {
  const link = linkIn(await waitForMail(stack.urls.inbox, to));
  const page = await (await fetch(link)).text();
  const action = /action="([^"]*\/files\/[^"]*)"/.exec(page)?.[1] ?? '';
  const { origin } = new URL(link);
  const arrived = await fetch(new URL(action, link), { method: 'POST', headers: { origin } });
  expect(Buffer.from(await arrived.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
  expect(await mailsTo(stack.urls.inbox, to)).toHaveLength(1);
}

/** Failed, mailed to nobody, charged to nobody, and without an object. */
async function expectNothingOf(to: string): Promise<void> {
  const [share] = await sharesTo(to);
  expect(share).toMatchObject({ state: 'FAILED', charged: 0, deliveries: ['CANCELLED'] });
  expect(await mailsTo(stack.urls.inbox, to)).toEqual([]);
  await waitFor('the objects to be deleted', async () => {
    return (await sharesTo(to))[0]?.objects_deleted_at;
  });
  const [held] = await stack.query<{ used: number; live: number }>(`
    SELECT coalesce(sum(used_bytes), 0)::int AS used, (
      SELECT coalesce(sum(a.size_bytes), 0)::int FROM attachment a JOIN share s ON s.id = a.share_id
      WHERE s.state NOT IN ('FAILED', 'REVOKED', 'EXPIRED')) AS live FROM quota`);
  expect(held?.used).toBe(held?.live);
}

interface ShareRow {
  [column: string]: unknown;
  state: string;
  fence: number;
  charged: number;
  deliveries: string[];
  objects_deleted_at: Date | null;
}

function sharesTo(email: string): Promise<ShareRow[]> {
  return stack.query<ShareRow>(
    `SELECT s.state, s.fence, s.objects_deleted_at,
       (SELECT coalesce(sum(u.bytes), 0)::int FROM usage_record u WHERE u.share_id = s.id) AS charged,
       ARRAY(SELECT d.state::text FROM delivery d WHERE d.share_id = s.id) AS deliveries
     FROM share s JOIN recipient r ON r.share_id = s.id WHERE r.email = $1`,
    [email],
  );
}

async function expireAttachments(expireAttachments: boolean): Promise<void> {
  await call(`${stack.urls.discord}/_control/faults`, { json: { expireAttachments } });
}

async function setFaults(server: string, faults: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await call(`${server}/_control/faults`, { method: 'PUT', body: JSON.stringify(faults), headers });
}

// Last: the sender ends up paused.
describe('feedback', async () => {
  await import('./feedback.js');
});
