import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChatPlatform, SpokenAnswer } from '../../bot/chat.js';
import { sendNextNotice } from '../../bot/send-notices.js';
import { approveLinkCode, createLinkCode } from '../../core/identities/link-codes.js';
import { oweNotice } from '../../core/notices.js';
import { createShare } from '../../core/shares/create-share.js';
import type { Account, ChatNotice } from '../../prisma/generated/client.js';
import { createAccount } from '../support/accounts.js';
import { fakePasswords, fakeRates } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { shareRequest } from '../support/shares.js';
import { testDeps, type TestDeps } from './discord-rig.js';

let database: OpenTestDatabase;
let deps: TestDeps;
let account: Account;
let platform: FakePlatform;

beforeAll(async () => {
  database = await openTestDatabase();
  account = await createAccount(database.db);
});

beforeEach(() => {
  deps = testDeps(database);
  platform = fakePlatform();
});

afterEach(async () => {
  await database.db.chatNotice.deleteMany();
});

afterAll(async () => {
  await database.release();
});

interface FakePlatform extends ChatPlatform {
  edits: { handle: string; text: string }[];
  messages: { userId: string; text: string }[];
  isEditable: boolean;
  takesMessages: boolean;
  /** Runs in the middle of an edit. */
  whileEditing: (handle: string) => Promise<void>;
}

/** Keeps what was said. */
function fakePlatform(): FakePlatform {
  return {
    platform: 'SLACK',
    edits: [],
    messages: [],
    isEditable: true,
    takesMessages: true,
    whileEditing: async () => {},
    async edit({ replyHandle: handle }, answer) {
      await this.whileEditing(handle);
      if (this.isEditable) this.edits.push({ handle, text: textOf(answer) });
      return this.isEditable;
    },
    async message({ userId }, answer) {
      if (this.takesMessages) this.messages.push({ userId, text: textOf(answer) });
      return this.takesMessages;
    },
    stop: async () => {},
  };
}

function textOf({ title, lines }: SpokenAnswer): string {
  return [title, ...lines].filter(Boolean).join('\n');
}

const minutes = (count: number) => new Date(Date.now() + count * 60_000);

function replyTo(userId: string) {
  const about = { platform: 'SLACK', workspaceId: 'T1', teamId: 'T1', userId, language: 'en' } as const;
  return { ...about, replyHandle: `handle of ${userId}`, replyUntil: minutes(30), repliesLeft: 5 };
}

async function accept(userId = 'U1', changes: Partial<ChatNotice> = {}): Promise<string> {
  const { shareId } = await createShare(deps, account.id, shareRequest(), { reply: replyTo(userId) });
  await database.db.chatNotice.updateMany({ where: { subjectId: shareId }, data: changes });
  return shareId;
}

async function settle(shareId: string): Promise<void> {
  await database.db.share.update({ where: { id: shareId }, data: { state: 'READY' } });
  await database.db.delivery.updateMany({ where: { shareId }, data: { state: 'SENT' } });
  await oweNotice(database.db, 'SHARE', shareId);
}

const send = () => sendNextNotice(deps, [platform]);
const sendAll = async () => {
  while (await send());
};
const noticeOf = (subjectId: string) =>
  database.db.chatNotice.findUniqueOrThrow({ where: { kind_subjectId: { kind: 'SHARE', subjectId } } });

describe('which notice is sent', () => {
  test('the one that is due longest comes first, and what is not due or not owed never', async () => {
    await accept('late', { nextAt: minutes(-1) });
    await accept('first', { nextAt: minutes(-2) });
    await accept('future', { nextAt: minutes(1) });
    await accept('said', { sent: 1 });
    await sendAll();
    expect(platform.edits.map(({ handle }) => handle)).toEqual(['handle of first', 'handle of late']);
  });

  test('one of a platform that this process does not serve is left for another', async () => {
    await accept('U1', { platform: 'DISCORD' });
    expect(await send()).toBe(false);
  });

  test('two senders at once say everything, and each thing once', async () => {
    for (let index = 0; index < 8; index += 1) await accept(`U${index}`);
    await Promise.all([sendAll(), sendAll()]);
    expect(platform.edits.map(({ handle }) => handle).sort()).toEqual(
      Array.from({ length: 8 }, (_, index) => `handle of U${index}`),
    );
  });

  test('a row that another sender is claiming at this moment is passed over, not waited for', async () => {
    await accept('first', { nextAt: minutes(-2) });
    await accept('second');
    const other = await database.pool.connect();
    await other.query(`BEGIN; SELECT 1 FROM chat_notice WHERE user_id = 'first' FOR UPDATE`);
    await send().finally(() => {
      other.release(true);
    });
    expect(platform.edits.map(({ handle }) => handle)).toEqual(['handle of second']);
  });

  test('a notice belongs to one sender while it is on its way, and others are not held up', async () => {
    await accept('slow', { nextAt: minutes(-2) });
    await accept('quick');
    platform.whileEditing = async (handle) => {
      if (handle !== 'handle of slow') return;
      await sendAll();
      expect(platform.edits.map((edit) => edit.handle)).toEqual(['handle of quick']);
    };
    await send();
    expect(platform.edits).toHaveLength(2);
  });

  test('one whose sender died is taken over when the lease is over', async () => {
    const shareId = await accept('U1', { leaseUntil: minutes(0.2) });
    expect(await send()).toBe(false);
    await database.db.chatNotice.updateMany({
      where: { subjectId: shareId },
      data: { leaseUntil: minutes(-1) },
    });
    expect(await send()).toBe(true);
    expect(platform.edits).toHaveLength(1);
  });

  test('what happens while one is on its way is said afterwards, so that the last word is the newest', async () => {
    const shareId = await accept();
    platform.whileEditing = async () => {
      platform.whileEditing = async () => {};
      await settle(shareId);
    };
    await sendAll();
    expect(platform.edits.map(({ text }) => text.split(' ')[0])).toEqual(['Saved:', 'Sent']);
    expect(await noticeOf(shareId)).toMatchObject({ owed: 2, sent: 2, leaseUntil: null });
  });

  test('many changes between two looks are one edit', async () => {
    const shareId = await accept();
    await settle(shareId);
    await sendAll();
    expect(platform.edits).toHaveLength(1);
    expect(platform.edits[0]?.text).toMatch(/^Sent plan\.pdf/);
  });
});

describe('where it is said', () => {
  test('the last two edits are kept for the end', async () => {
    const shareId = await accept('U1', { repliesLeft: 2 });
    await sendAll();
    expect(platform.edits).toEqual([]);
    await settle(shareId);
    await sendAll();
    expect(platform.edits).toHaveLength(1);
    expect(platform.messages).toEqual([]);
    expect(await noticeOf(shareId)).toMatchObject({ repliesLeft: 1 });
  });

  test.each([
    ['the handle has expired', { replyUntil: minutes(-1) }, true],
    ['no edit is left', { repliesLeft: 0 }, true],
    ['there is no handle', { replyHandle: null }, true],
    ['the platform refuses the edit', {}, false],
  ])('where %s, one direct message says how it ended, and no more', async (_what, changes, isEditable) => {
    platform.isEditable = isEditable;
    const shareId = await accept('U1', changes);
    await sendAll();
    expect(platform.messages).toEqual([]);
    await settle(shareId);
    await sendAll();
    await database.db.delivery.updateMany({ where: { shareId }, data: { state: 'DELIVERED' } });
    await oweNotice(database.db, 'SHARE', shareId);
    await sendAll();
    expect(platform.edits).toEqual([]);
    expect(platform.messages).toEqual([
      { userId: 'U1', text: expect.stringMatching(/^Sent plan\.pdf/) as string },
    ]);
  });

  test('who has read the end in the answer is not written to when the answer can no longer be edited', async () => {
    const shareId = await accept();
    await settle(shareId);
    await sendAll();
    await database.db.chatNotice.updateMany({ data: { replyUntil: minutes(-1) } });
    await oweNotice(database.db, 'SHARE', shareId);
    await sendAll();
    expect([platform.edits.length, platform.messages.length]).toEqual([1, 0]);
  });

  test('a person who takes no messages is asked once', async () => {
    platform.takesMessages = false;
    const shareId = await accept('U1', { replyHandle: null });
    await settle(shareId);
    await sendAll();
    expect(await noticeOf(shareId)).toMatchObject({ sent: 2, settledAt: expect.any(Date) as Date });
  });
});

describe('when the platform is away', () => {
  test('it is tried again later and later, and at last left to the portal', async () => {
    platform.whileEditing = () => Promise.reject(new Error('away'));
    const shareId = await accept();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      expect(await send()).toBe(true);
      expect(await send()).toBe(false);
      const { nextAt, leaseUntil } = await noticeOf(shareId);
      expect(leaseUntil).toBeNull();
      waits.push(nextAt.getTime() - Date.now());
      await database.db.chatNotice.updateMany({ data: { nextAt: minutes(-1) } });
    }
    expect(waits.every((wait, index) => index === 0 || wait > waits[index - 1]! || wait > 50_000)).toBe(true);
    expect(waits.at(-1)).toBeLessThanOrEqual(60_000);
    expect(await send()).toBe(false);
    expect(await noticeOf(shareId)).toMatchObject({ owed: 1, sent: 1 });
  });

  test('news after that is said', async () => {
    platform.whileEditing = () => Promise.reject(new Error('away'));
    const shareId = await accept('U1', { attempts: 7 });
    await send();
    platform.whileEditing = async () => {};
    await settle(shareId);
    await sendAll();
    expect(platform.edits).toHaveLength(1);
  });
});

describe('connecting an account', () => {
  test('the person in chat is asked to confirm once the portal has approved, and not when the code is dead', async () => {
    const person = {
      platform: 'SLACK',
      workspaceId: 'T1',
      userId: 'U1',
      userName: '@ada',
      workspaceName: 'Acme',
    } as const;
    const { linkCodeId, url } = await createLinkCode(deps, deps.portalUrl, person, replyTo('U1'));
    await sendAll();
    expect(platform.edits).toEqual([]);
    const token = new URL(url).pathname.split('/')[2]!;
    const portal = { ...deps, passwords: fakePasswords(), rates: fakeRates() };
    await approveLinkCode(portal, token, account.id, 'a long enough one');
    await sendAll();
    expect(platform.edits[0]?.text).toContain('Connect to the account of Ann Lee');
    await database.db.linkCode.update({ where: { id: linkCodeId }, data: { closedAt: new Date() } });
    await oweNotice(database.db, 'LINK', linkCodeId);
    await sendAll();
    expect(platform.edits).toHaveLength(1);
  });
});

test('a notice whose share is gone is settled quietly', async () => {
  const subjectId = randomUUID();
  await database.db.chatNotice.create({ data: { kind: 'SHARE', subjectId, owed: 1, ...replyTo('U1') } });
  await sendAll();
  expect(platform.edits).toEqual([]);
});
