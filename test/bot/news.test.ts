import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChatPlatform, SpokenAnswer } from '../../bot/chat.js';
import { pressButton } from '../../bot/commands/press-button.js';
import { sendNextNotice } from '../../bot/send-notices.js';
import { AppError } from '../../core/errors.js';
import { startDownload } from '../../core/links/open-link.js';
import { mintToken } from '../../core/links/tokens.js';
import { oweMailNews, oweNews } from '../../core/notices.js';
import type { Account } from '../../prisma/generated/client.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import { createAccount } from '../support/accounts.js';
import { fakeLog, linkSecrets } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { readyShare, slackFile } from '../support/shares.js';
import { testDeps, type TestDeps } from './discord-rig.js';

let database: OpenTestDatabase;
let deps: TestDeps;
let account: Account;
let shareId: string;
let said: SpokenAnswer[];
let refusal: Error | null;

const who = { platform: 'SLACK', workspaceId: 'T1', teamId: 'T1' } as const;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  await database.db.chatNotice.deleteMany();
  deps = testDeps(database);
  [said, refusal] = [[], null];
  account = await createAccount(database.db);
  const files = [slackFile('plan.pdf', 5), slackFile('map.pdf', 5, 'F2')];
  shareId = await readyShare(database.db, account.id, { emails: ['bob@x.org', 'eve@x.org'], files });
  const userId = randomUUID();
  await database.db.chatNotice.create({ data: { kind: 'SHARE', subjectId: shareId, userId, ...who } });
  const names = { userName: '@ann', workspaceName: 'Acme' };
  const { platform, workspaceId } = who;
  await database.db.chatIdentity.create({
    data: { accountId: account.id, platform, workspaceId, userId, ...names },
  });
});

const platform: ChatPlatform = {
  platform: 'SLACK',
  edit: () => Promise.resolve(false),
  message(_person, answer) {
    if (refusal) return Promise.reject(refusal);
    said.push(answer);
    return Promise.resolve(true);
  },
  stop: () => Promise.resolve(),
};

/** Sends all that is owed, whenever it is due. */
async function sendAll(): Promise<string[]> {
  said = [];
  await database.db.chatNotice.updateMany({ data: { nextAt: new Date(0) } });
  while (await sendNextNotice(deps, [platform]));
  return said.flatMap(({ lines }) => lines);
}

const labels = () => said.flatMap(({ buttons }) => buttons.map(({ label }) => label));

async function fetchFile(email: string, name: string): Promise<void> {
  const recipient = await database.db.recipient.findFirstOrThrow({ where: { shareId, email } });
  const attachment = await database.db.attachment.findFirstOrThrow({ where: { shareId, name } });
  const signer = { signDownload: () => Promise.resolve('https://storage.test') };
  const all = { db: database.db, linkSecrets, log: fakeLog(), signer };
  await startDownload(all, mintToken(linkSecrets, 'link', recipient.id), attachment.id);
}

describe('downloads (B9)', () => {
  test('are told in one message, once for each person and file', async () => {
    await fetchFile('bob@x.org', 'plan.pdf');
    await fetchFile('bob@x.org', 'map.pdf');
    await fetchFile('bob@x.org', 'plan.pdf');
    await fetchFile('eve@x.org', 'map.pdf');
    expect(await sendAll()).toEqual([
      'bob@x.org downloaded plan.pdf, map.pdf.',
      'eve@x.org downloaded map.pdf.',
    ]);
    expect(said).toHaveLength(1);
    await fetchFile('bob@x.org', 'plan.pdf');
    expect(await sendAll()).toEqual([]);
    await fetchFile('eve@x.org', 'plan.pdf');
    expect(await sendAll()).toEqual(['eve@x.org downloaded plan.pdf.']);
  });

  test('gather for half a minute', async () => {
    await fetchFile('bob@x.org', 'plan.pdf');
    while (await sendNextNotice(deps, [platform]));
    expect(said).toEqual([]);
    const { nextAt } = await database.db.chatNotice.findFirstOrThrow({ where: { kind: 'DOWNLOADS' } });
    await fetchFile('eve@x.org', 'plan.pdf');
    const later = await database.db.chatNotice.findFirstOrThrow({ where: { kind: 'DOWNLOADS' } });
    expect([later.nextAt, later.owed]).toEqual([nextAt, 2]);
    const waits = nextAt.getTime() - Date.now();
    expect(waits > 25_000 && waits < 31_000).toBe(true);
  });

  test('are told no more once somebody has pressed the button that says so', async () => {
    await fetchFile('bob@x.org', 'plan.pdf');
    await sendAll();
    expect(labels()).toEqual(['Details', 'No more of these']);
    const { action, id = '' } = said[0]!.buttons[1]!;
    const { userId } = await database.db.chatIdentity.findFirstOrThrow({ where: { accountId: account.id } });
    const { platform: on, workspaceId } = who;
    const person = { platform: on, workspaceId, userId, userName: '@ann', workspaceName: 'Acme' };
    await pressButton(
      deps,
      person,
      { action: action as 'set', id },
      {
        ...{ ...who, userId, language: 'en', replyHandle: '', replyUntil: new Date(0), repliesLeft: 0 },
      },
    );
    await fetchFile('eve@x.org', 'plan.pdf');
    expect(await sendAll()).toEqual([]);
  });
});

describe('a mail in vain (B10, M19)', () => {
  const happen = async (state: DeliveryState) => {
    const delivery = await database.db.delivery.findFirstOrThrow({ where: { shareId, email: 'bob@x.org' } });
    await database.db.delivery.updateMany({
      where: { shareId, email: 'eve@x.org' },
      data: { state: 'DELIVERED' },
    });
    await database.db.delivery.update({ where: { id: delivery.id }, data: { state } });
    await oweMailNews(database.pool, shareId, delivery.id);
  };

  test.each([
    ['BOUNCED', 'bob@x.org bounced: the mail came back. The other mail arrived or is on the way.'],
    ['SUPPRESSED', 'The mail to bob@x.org could not be delivered. The other mail arrived or is on the way.'],
  ] as const)('%s is told, with what can be done about it', async (state, words) => {
    await happen(state);
    expect(await sendAll()).toEqual([words]);
    expect(labels()).toEqual(['Copy link: bob@x.org', 'Change address', 'Details']);
    expect(await sendAll()).toEqual([]);
  });

  test('and a complaint after it is told too', async () => {
    await happen('BOUNCED');
    await sendAll();
    await happen('COMPLAINED');
    expect((await sendAll())[0]).toContain('marked your mail as spam');
  });

  test('is no news of a share that was revoked, nor of an address that was changed since', async () => {
    await happen('BOUNCED');
    await database.db.recipient.updateMany({
      where: { shareId, email: 'bob@x.org' },
      data: { revokedAt: new Date() },
    });
    expect(await sendAll()).toEqual([]);
  });
});

test('the end of a share is told with a way to extend it, unless it has come (B11)', async () => {
  const owe = () => oweNews(database.db, { kind: 'EXPIRY', shareId, subjectId: shareId, delaySeconds: 0 });
  await fetchFile('bob@x.org', 'plan.pdf');
  await database.db.chatNotice.deleteMany({ where: { kind: 'DOWNLOADS' } });
  await owe();
  expect((await sendAll())[0]).toBe(
    'Nothing was downloaded yet by eve@x.org (1 of 2); whom the first mail reached is reminded.',
  );
  expect(said[0]?.title).toMatch(/^plan\.pdf, map\.pdf: the links end on /);
  expect(labels()).toEqual(['Extend 7 days', 'Details']);
  await database.db.share.update({ where: { id: shareId }, data: { state: 'REVOKED' } });
  await owe();
  expect(await sendAll()).toEqual([]);
});

test('a platform that says when is asked again then, and that is no try', async () => {
  await oweNews(database.db, { kind: 'EXPIRY', shareId, subjectId: shareId, delaySeconds: 0 });
  refusal = new AppError('unavailable', 'service.unavailable', {}, { retryAfterSeconds: 120 });
  for (let round = 0; round < 12; round += 1) {
    await sendAll();
    const { nextAt, attempts, sent } = await database.db.chatNotice.findFirstOrThrow({
      where: { kind: 'EXPIRY' },
    });
    expect(nextAt.getTime() - Date.now()).toBeGreaterThan(110_000);
    expect([attempts, sent]).toEqual([0, 0]);
  }
  refusal = null;
  expect(await sendAll()).toHaveLength(1);
});

test('nothing is owed of a share that was not made in chat', async () => {
  const other = await readyShare(database.db, account.id);
  await oweNews(database.db, { kind: 'EXPIRY', shareId: other, subjectId: other, delaySeconds: 0 });
  expect(await database.db.chatNotice.count({ where: { subjectId: other } })).toBe(0);
});
