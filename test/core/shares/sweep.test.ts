import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweep } from '../../../core/shares/sweep.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFiles, fakeLog, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

const HOUR_MS = 60 * 60 * 1000;
let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

test('objects without a row go after a day; and so do marks of account mails; those with a row, young ones and marks of ready shares stay', async () => {
  const { db } = database;
  const shareId = await readyShare(db, (await createAccount(db)).id);
  const { storageKey } = await db.attachment.findFirstOrThrow({ where: { shareId } });
  const files = fakeFiles();
  const put = (key: string, hours: number) => {
    files.objects.set(key, { bytes: Buffer.from('x'), modifiedAt: new Date(Date.now() - hours * HOUR_MS) });
  };
  put(storageKey ?? '', 100);
  put(`shares/${shareId}/ready`, 100);
  put(`shares/${shareId}/orphan`, 25);
  put(`shares/${shareId}/young`, 23);
  put('mails/1/ready', 25);
  put('mails/2/ready', 23);
  await sweep({ db, files, log: fakeLog(), timings });
  expect([...files.objects.keys()]).toEqual([
    storageKey,
    `shares/${shareId}/ready`,
    `shares/${shareId}/young`,
    'mails/2/ready',
  ]);
});

test('a ready mark that landed after the objects of its share were deleted goes after a day', async () => {
  const { db } = database;
  const accountId = (await createAccount(db)).id;
  const files = fakeFiles();
  const put = (shareId: string, hours: number) => {
    const modifiedAt = new Date(Date.now() - hours * HOUR_MS);
    files.objects.set(`shares/${shareId}/ready`, { bytes: Buffer.alloc(0), modifiedAt });
  };
  put(randomUUID(), 25);
  for (const state of ['FAILED', 'REVOKED', 'EXPIRED'] as const) {
    const shareId = await readyShare(db, accountId);
    await db.share.update({ where: { id: shareId }, data: { state, endedAt: new Date() } });
    put(shareId, 25);
  }
  const young = await readyShare(db, accountId);
  await db.share.update({ where: { id: young }, data: { state: 'REVOKED', endedAt: new Date() } });
  put(young, 23);
  await sweep({ db, files, log: fakeLog(), timings });
  expect([...files.objects.keys()]).toEqual([`shares/${young}/ready`]);
});

test('every page of a large bucket is looked at', async () => {
  const { db } = database;
  const pages = ['shares/1/a', 'shares/2/a', 'shares/3/a'];
  const deleted: string[] = [];
  const files = {
    ...fakeFiles(),
    list: async (prefix: string, after?: string) => {
      if (prefix !== 'shares/') return { objects: [] };
      const index = after ? pages.indexOf(after) + 1 : 0;
      const key = pages[index] ?? '';
      const objects = [{ key, modifiedAt: new Date(0) }];
      return index < pages.length - 1 ? { objects, next: key } : { objects };
    },
    deleteAll: async (key: string) => void deleted.push(key),
  };
  await sweep({ db, files, log: fakeLog(), timings });
  expect(deleted).toEqual(pages);
});

test('drafts, codes and seen files past use are forgotten, others kept', async () => {
  const { db } = database;
  const person = { platform: 'SLACK' as const, workspaceId: 'T', userId: 'U' };
  const at = (hours: number) => new Date(Date.now() + hours * HOUR_MS);
  for (const hours of [-1, 1]) {
    await db.shareDraft.create({ data: { ...person, request: {}, expiresAt: at(hours) } });
    const names = { userName: 'u', workspaceName: 'w' };
    await db.linkCode.create({ data: { ...person, ...names, expiresAt: at(hours === -1 ? -25 : -1) } });
    const seen = { teamId: 'T', channelId: 'C', userId: 'U', fileId: `F${hours}` };
    await db.slackFileSeen.create({ data: { ...seen, seenAt: at(hours === -1 ? -25 : -1) } });
    await db.seenRequest.create({ data: { key: `slack:${hours}`, seenAt: at(hours === -1 ? -25 : -1) } });
  }
  await sweep({ db, files: fakeFiles(), log: fakeLog(), timings });
  expect([await db.shareDraft.count(), await db.linkCode.count()]).toEqual([1, 1]);
  expect([await db.slackFileSeen.count(), await db.seenRequest.count()]).toEqual([1, 1]);
});
