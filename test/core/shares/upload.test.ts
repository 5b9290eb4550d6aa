import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { revokeShare } from '../../../core/shares/revoke-share.js';
import {
  abortUpload,
  beginUpload,
  completeUpload,
  listUploadParts,
  signUploadPart,
} from '../../../core/shares/upload.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeQueue, fakeUploads, limits } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, slackFile, uploadFile } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareId: string;
let first: string;
let second: string;
let uploads: ReturnType<typeof fakeUploads>;
let queue: ReturnType<typeof fakeQueue>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  shareId = await acceptShare(database.db, accountId, {
    entrance: 'PORTAL',
    files: [uploadFile('a.pdf', 10), uploadFile('b.pdf', 20)],
  });
  const attachments = await database.db.attachment.findMany({
    where: { shareId },
    orderBy: { position: 'asc' },
  });
  [first = '', second = ''] = attachments.map(({ id }) => id);
  uploads = fakeUploads();
  queue = fakeQueue();
});

const deps = () => ({ db: database.db, uploads, queue, log: fakeLog(), limits });
const parts = [{ partNumber: 1, etag: '"e"' }];

describe('an upload', () => {
  test('is begun, signed part by part, and joined; with the last one the share is received', async () => {
    await beginUpload(deps(), accountId, first);
    expect(await signUploadPart(deps(), accountId, first, { partNumber: 1, sizeBytes: 10 })).toContain(
      'size=10',
    );
    await completeUpload(deps(), accountId, first, parts);
    expect(await state()).toBe('AWAITING_UPLOAD');
    await beginUpload(deps(), accountId, second);
    await completeUpload(deps(), accountId, second, parts);
    expect(await state()).toBe('RECEIVED');
    expect(queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId } }]);
  });

  test('goes on where it was begun before, under a key that the browser did not choose', async () => {
    const begun = await beginUpload(deps(), accountId, first);
    expect(await beginUpload(deps(), accountId, first)).toEqual(begun);
    expect(uploads.runs.get(begun.uploadId)).toMatch(new RegExp(`^shares/${shareId}/[0-9a-f]{32}$`));
  });

  test('begun ten times at once is one upload, and the others are aborted', async () => {
    const begun = await Promise.all(Array.from({ length: 10 }, () => beginUpload(deps(), accountId, first)));
    expect(new Set(begun.map(({ uploadId }) => uploadId)).size).toBe(1);
    expect(uploads.runs.size).toBe(1);
  });

  test('completed many times, and both at once, makes one job', async () => {
    await beginUpload(deps(), accountId, first);
    await beginUpload(deps(), accountId, second);
    await Promise.all(
      [first, second, first, second].map((id) => completeUpload(deps(), accountId, id, parts)),
    );
    await completeUpload(deps(), accountId, second, parts);
    expect(await state()).toBe('RECEIVED');
    expect(queue.jobs).toHaveLength(1);
    expect(await listUploadParts(deps(), accountId, first)).toBeNull();
  });

  test('aborted is forgotten and begins anew', async () => {
    const { uploadId } = await beginUpload(deps(), accountId, first);
    await abortUpload(deps(), accountId, first);
    await abortUpload(deps(), accountId, first);
    expect(uploads.runs.size).toBe(0);
    expect((await beginUpload(deps(), accountId, first)).uploadId).not.toBe(uploadId);
  });

  test('that has landed is not undone by a late abort', async () => {
    await beginUpload(deps(), accountId, first);
    await completeUpload(deps(), accountId, first, parts);
    await abortUpload(deps(), accountId, first);
    expect(await database.db.attachment.findUnique({ where: { id: first } })).toMatchObject({
      uploadedAt: expect.any(Date) as Date,
      storageKey: expect.any(String) as string,
    });
  });

  test('aborted as storage joins it is forgotten, and not taken for one without a key', async () => {
    await beginUpload(deps(), accountId, first);
    const complete = uploads.complete.bind(uploads);
    uploads.complete = async (...call) => {
      const sizeBytes = await complete(...call);
      await abortUpload(deps(), accountId, first);
      return sizeBytes;
    };
    const missing = { kind: 'invalid', code: 'file.upload_missing' };
    await expect(completeUpload(deps(), accountId, first, parts)).rejects.toMatchObject(missing);
    expect(await database.db.attachment.findUnique({ where: { id: first } })).toMatchObject({
      uploadId: null,
      uploadedAt: null,
      storageKey: null,
    });
  });

  test('that another answer said had landed, as storage joins it, has landed', async () => {
    await beginUpload(deps(), accountId, second);
    await completeUpload(deps(), accountId, second, parts);
    await beginUpload(deps(), accountId, first);
    const complete = uploads.complete.bind(uploads);
    uploads.complete = async (...call) => {
      const sizeBytes = await complete(...call);
      uploads.complete = complete;
      await completeUpload(deps(), accountId, first, parts);
      return sizeBytes;
    };
    await completeUpload(deps(), accountId, first, parts);
    expect(await state()).toBe('RECEIVED');
    expect(queue.jobs).toHaveLength(1);
  });

  test.each([
    ['part 0', { partNumber: 0, sizeBytes: 1 }],
    ['part 10,001', { partNumber: 10_001, sizeBytes: 1 }],
    ['an empty part', { partNumber: 1, sizeBytes: 0 }],
    ['a part over the limit', { partNumber: 1, sizeBytes: limits.maxFileBytes + 1 }],
  ])('gets no URL for %s', async (_, part) => {
    await beginUpload(deps(), accountId, first);
    await expect(signUploadPart(deps(), accountId, first, part)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('that was not begun can be neither signed, listed nor completed', async () => {
    const calls = [
      signUploadPart(deps(), accountId, first, { partNumber: 1, sizeBytes: 1 }),
      listUploadParts(deps(), accountId, first),
      completeUpload(deps(), accountId, first, parts),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ reason: { kind: 'invalid', code: 'file.upload_missing' } });
    }
  });
});

describe('somebody else', () => {
  test('finds no upload, whatever they call it', async () => {
    await beginUpload(deps(), accountId, first);
    const other = (await createAccount(database.db)).id;
    const attempts = [other, accountId].flatMap((by) => {
      const ids = by === other ? [first] : [randomUUID(), 'not-an-id', "' OR 1=1"];
      return ids.flatMap((id) => [
        beginUpload(deps(), by, id),
        signUploadPart(deps(), by, id, { partNumber: 1, sizeBytes: 1 }),
        listUploadParts(deps(), by, id),
        completeUpload(deps(), by, id, parts),
        abortUpload(deps(), by, id),
      ]);
    });
    const results = await Promise.allSettled(attempts);
    for (const result of results) expect(result).toMatchObject({ reason: { kind: 'not_found' } });
    expect(uploads.runs.size).toBe(1);
  });
});

test('a share that was revoked takes no more uploads', async () => {
  await beginUpload(deps(), accountId, first);
  await revokeShare(deps(), accountId, shareId);
  const attempts = [
    beginUpload(deps(), accountId, second),
    signUploadPart(deps(), accountId, first, { partNumber: 1, sizeBytes: 1 }),
    completeUpload(deps(), accountId, first, parts),
  ];
  for (const result of await Promise.allSettled(attempts))
    expect(result).toMatchObject({ reason: { kind: 'gone' } });
  expect(await state()).toBe('REVOKED');
});

test('a chat file cannot be replaced by an upload', async () => {
  const chatShareId = await acceptShare(database.db, accountId, { files: [slackFile('a.pdf', 5)] });
  const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId: chatShareId } });
  await expect(beginUpload(deps(), accountId, id)).rejects.toMatchObject({ kind: 'gone' });
});

async function state(): Promise<string> {
  return (await database.db.share.findUniqueOrThrow({ where: { id: shareId } })).state;
}
