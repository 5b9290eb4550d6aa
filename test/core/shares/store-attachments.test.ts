import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { AppError } from '../../../core/errors.js';
import type { FileFetcher, Limits, Scanner } from '../../../core/ports.js';
import { revokeShare } from '../../../core/shares/revoke-share.js';
import { storeAttachments } from '../../../core/shares/store-attachments.js';
import { timingsFor } from '../../../core/timings.js';
import { createAccount } from '../../support/accounts.js';
import {
  fakeFetcher,
  fakeFiles,
  fakeLog,
  fakeMarks,
  fakeQueue,
  limits,
  timings,
} from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, slackFile, uploadFile } from '../../support/shares.js';

const bytes = randomBytes(100_000);
const gone = () => new AppError('gone', 'file.deleted', { name: 'a.pdf', platform: 'Slack' });

let database: OpenTestDatabase;
let accountId: string;
let files: ReturnType<typeof fakeFiles>;
let queue: ReturnType<typeof fakeQueue>;
let marks: ReturnType<typeof fakeMarks>;
let log: ReturnType<typeof fakeLog>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  files = fakeFiles();
  queue = fakeQueue();
  marks = fakeMarks();
  log = fakeLog();
});

const depsWith = (
  fetchers: FileFetcher,
  own: { limits?: Partial<Limits>; leaseSeconds?: number; scanner?: Scanner } = {},
) => ({
  db: database.db,
  queue,
  log,
  files,
  marks,
  fetchers,
  scanner: own.scanner ?? null,
  timings: own.leaseSeconds ? timingsFor(own.leaseSeconds) : timings,
  limits: { ...limits, ...own.limits },
});

const noFetcher = fakeFetcher({});
const chatShare = (size: number = bytes.length) => {
  return acceptShare(database.db, accountId, {
    files: [slackFile('a.pdf', size)],
    emails: ['a@x.org b@x.org'],
  });
};

/** An upload that has landed with that content, whatever was announced. */
const landed = async (announced: number, content: Buffer): Promise<string> => {
  const request = { entrance: 'PORTAL' as const, files: [uploadFile('a.pdf', announced)] };
  const shareId = await acceptShare(database.db, accountId, request);
  const storageKey = `shares/${shareId}/00112233445566778899aabbccddeeff`;
  files.objects.set(storageKey, { bytes: content, modifiedAt: new Date() });
  await database.db.attachment.updateMany({
    where: { shareId },
    data: { storageKey, uploadedAt: new Date() },
  });
  await database.db.share.update({ where: { id: shareId }, data: { state: 'RECEIVED' } });
  return shareId;
};

describe('a chat share', () => {
  test('is stored byte by byte, becomes ready, and is marked', async () => {
    const files2 = [slackFile('a.pdf', bytes), slackFile('b.txt', 3, 'F2')];
    const shareId = await acceptShare(database.db, accountId, { files: files2 });
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes, F2: Buffer.from('abc') })), shareId);
    const share = await readShare(shareId);
    expect(share).toMatchObject({ state: 'READY', leaseUntil: null, readyAt: expect.any(Date) as Date });
    expect(share.markedAt).not.toBeNull();
    expect(marks.shares).toEqual([shareId]);
    const [first, second] = share.attachments;
    expect(first).toMatchObject({ state: 'STORED', sha256: sha256(bytes), sizeBytes: 100_000n });
    expect(second).toMatchObject({ state: 'STORED', sha256: sha256(Buffer.from('abc')), sizeBytes: 3n });
    expect(files.objects.get(first?.storageKey ?? '')?.bytes.equals(bytes)).toBe(true);
    expect(files.objects.size).toBe(2);
  });

  test('stored twice, also at once, is stored once', async () => {
    const shareId = await chatShare();
    const deps = depsWith(fakeFetcher({ F1: bytes }));
    await Promise.all(Array.from({ length: 5 }, () => storeAttachments(deps, shareId)));
    await storeAttachments(deps, shareId);
    expect(files.objects.size).toBe(1);
    expect(marks.shares).toEqual([shareId]);
    expect((await readShare(shareId)).fence).toBe(1);
  });

  test('with undo time is marked by a later job', async () => {
    const shareId = await acceptShare(database.db, accountId, { files: [slackFile('a', bytes)] });
    const mailAfter = new Date(Date.now() + 30_000);
    await database.db.share.update({ where: { id: shareId }, data: { mailAfter } });
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId);
    expect(marks.shares).toEqual([]);
    const [job] = queue.jobs;
    expect(job).toMatchObject({ name: 'mark-ready', payload: { shareId } });
    expect(job?.delayMs).toBeGreaterThan(25_000);
  });

  test('whose worker was killed in the middle is taken over, under another key', async () => {
    const shareId = await acceptShare(database.db, accountId, {
      files: [slackFile('a.pdf', bytes), slackFile('b.pdf', bytes, 'F2')],
    });
    const stuck = new Promise<Readable>(() => undefined);
    const dead = depsWith({
      fetch: (source) =>
        isFile(source, 'F1') ? fakeFetcher({ F1: bytes }).fetch(source, { name: '', sizeBytes: 1 }) : stuck,
    });
    void storeAttachments(dead, shareId).catch(() => undefined);
    await waitFor(async () => (await readShare(shareId)).attachments[0]?.state === 'STORED');

    const deps = depsWith(fakeFetcher({ F1: bytes, F2: bytes }));
    await storeAttachments(deps, shareId);
    expect((await readShare(shareId)).state).toBe('STORING');
    await lapseLease(shareId);
    await storeAttachments(deps, shareId);
    const share = await readShare(shareId);
    expect(share).toMatchObject({ state: 'READY', fence: 2 });
    expect(new Set(share.attachments.map(({ storageKey }) => storageKey)).size).toBe(2);
  });

  test('that two workers hold, one of them late, keeps the object of the new one', async () => {
    const shareId = await chatShare();
    let wake: (body: Readable) => void = () => undefined;
    const late = storeAttachments(
      depsWith({ fetch: () => new Promise<Readable>((resolve) => (wake = resolve)) }),
      shareId,
    );
    await waitFor(async () => (await readShare(shareId)).fence === 1);
    await lapseLease(shareId);
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId);
    const { attachments } = await readShare(shareId);
    wake(Readable.from([randomBytes(bytes.length)]));
    await late;
    expect((await readShare(shareId)).attachments).toEqual(attachments);
    expect(attachments[0]?.sha256).toBe(sha256(bytes));
    expect(marks.shares).toEqual([shareId]);
  });

  test('whose late owner wakes while the new one stores is left to the new one', async () => {
    const shareId = await chatShare();
    const bodies: ((body: Readable) => void)[] = [];
    const deps = depsWith({ fetch: () => new Promise<Readable>((resolve) => bodies.push(resolve)) });
    const late = storeAttachments(deps, shareId);
    await waitFor(async () => bodies.length === 1);
    await lapseLease(shareId);
    const owner = storeAttachments(deps, shareId);
    await waitFor(async () => bodies.length === 2);
    bodies[0]?.(Readable.from([randomBytes(bytes.length)]));
    await late;
    expect(await readShare(shareId)).toMatchObject({
      state: 'STORING',
      attachments: [{ state: 'EXPECTED' }],
    });
    bodies[1]?.(Readable.from([bytes]));
    await owner;
    const share = await readShare(shareId);
    expect(share).toMatchObject({ state: 'READY', fence: 2, attachments: [{ sha256: sha256(bytes) }] });
  });

  test('keeps its lease while a slow file streams, renewing it at every third', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const shareId = await chatShare();
    let arrive: (body: Readable) => void = () => undefined;
    const fetch = vi.fn(() => new Promise<Readable>((resolve) => (arrive = resolve)));
    const storing = storeAttachments(depsWith({ fetch }), shareId);
    await waitFor(async () => fetch.mock.calls.length === 1);
    const isHeld = async () => ((await readShare(shareId)).leaseUntil ?? 0) > new Date();
    for (let renewals = 1; renewals <= 3; renewals += 1) {
      await lapseLease(shareId);
      vi.advanceTimersByTime(timings.leaseMs / 3);
      await waitFor(isHeld);
    }
    await storeAttachments(depsWith(noFetcher), shareId);
    arrive(Readable.from([bytes]));
    await storing;
    expect(await readShare(shareId)).toMatchObject({ state: 'READY', fence: 1 });
  });

  test('whose source is gone fails: told, not billed, bytes given back, mails cancelled', async () => {
    const shareId = await chatShare();
    await storeAttachments(depsWith(fakeFetcher({ F1: gone() })), shareId);
    const share = await readShare(shareId);
    const failureParams = { name: 'a.pdf', platform: 'Slack' };
    expect(share).toMatchObject({ state: 'FAILED', failureCode: 'file.deleted', failureParams });
    expect(await usage(shareId)).toMatchObject([
      { kind: 'SHARE', bytes: 100_000n, fileNames: ['a.pdf'], recipients: ['a@x.org', 'b@x.org'] },
      { kind: 'REVERSAL', bytes: -100_000n, fileNames: ['a.pdf'], recipients: ['a@x.org', 'b@x.org'] },
    ]);
    expect(await usedBytes()).toBe(0n);
    expect(await deliveryStates(shareId)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
    expect(marks.shares).toEqual([]);
  });

  test('whose source cannot be reached is tried again, and given up after six tries', async () => {
    const shareId = await chatShare();
    const deps = depsWith(noFetcher);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await expect(storeAttachments(deps, shareId)).rejects.toMatchObject({ code: 'file.unreachable' });
      expect((await readShare(shareId)).state).toBe('RECEIVED');
    }
    await storeAttachments(deps, shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: 'file.unreachable' });
  });

  test('is waited for while storage is down, and goes on when it is back', async () => {
    const shareId = await chatShare();
    const deps = depsWith(fakeFetcher({ F1: bytes }));
    files.isDown = true;
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      await expect(storeAttachments(deps, shareId)).rejects.toMatchObject({ code: 'storage.unavailable' });
      expect(await readShare(shareId)).toMatchObject({ state: 'RECEIVED', leaseUntil: null });
    }
    files.isDown = false;
    await storeAttachments(deps, shareId);
    expect((await readShare(shareId)).state).toBe('READY');
  });

  test('that waited for storage has all of its tries left for other errors', async () => {
    const shareId = await chatShare();
    files.isDown = true;
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      await expect(storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId)).rejects.toThrow();
    }
    files.isDown = false;
    const broken = depsWith({ fetch: () => Promise.reject(new TypeError('x is not a function')) });
    for (const deps of [depsWith(noFetcher), broken]) {
      await expect(storeAttachments(deps, shareId)).rejects.toThrow();
      expect((await readShare(shareId)).state).toBe('RECEIVED');
    }
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId);
    expect(await readShare(shareId)).toMatchObject({
      state: 'READY',
      fence: 23,
      fetchFailures: 1,
      unexpectedErrors: 1,
    });
  });

  test('closes the line to the platform where storage takes nothing', async () => {
    const shareId = await chatShare();
    files.isDown = true;
    const body = new Readable({ read: () => undefined });
    await expect(storeAttachments(depsWith(fakeFetcher({ F1: () => body })), shareId)).rejects.toThrow();
    expect(body.destroyed).toBe(true);
  });

  test('is ready even where its mark cannot be written', async () => {
    const shareId = await chatShare();
    marks.isDown = true;
    await expect(storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId)).rejects.toThrow();
    expect(await readShare(shareId)).toMatchObject({ state: 'READY', markedAt: null });
  });

  test.each([
    ['ends too early', bytes.subarray(1), 'file.unreachable', 'RECEIVED'],
    ['breaks', brokenAfter(bytes.subarray(0, 50_000)), 'file.unreachable', 'RECEIVED'],
  ])('whose file %s is tried again, and nothing of it is kept', async (_, file, code, state) => {
    const shareId = await chatShare();
    await expect(storeAttachments(depsWith(fakeFetcher({ F1: file })), shareId)).rejects.toMatchObject({
      code,
    });
    expect((await readShare(shareId)).state).toBe(state);
    expect(files.objects.size).toBe(0);
  });

  test('whose file is larger than the platform said fails, and nothing of it is kept', async () => {
    const shareId = await chatShare(10);
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: 'file.size_differs' });
    expect(files.objects.size).toBe(0);
  });

  test('that ends in an error nobody expected is tried again, and in the end given up', async () => {
    const shareId = await chatShare();
    const deps = depsWith({ fetch: () => Promise.reject(new TypeError('x is not a function')) });
    await expect(storeAttachments(deps, shareId)).rejects.toThrow(TypeError);
    await database.db.share.update({ where: { id: shareId }, data: { unexpectedErrors: 19 } });
    await storeAttachments(deps, shareId);
    const { state, failureCode, failureParams } = await readShare(shareId);
    const reference = { reference: shareId };
    expect([state, failureCode, failureParams]).toEqual(['FAILED', 'unexpected', reference]);
  });
});

describe('a share revoked while it is stored', () => {
  test('stays revoked, mails nobody, and leaves no object behind', async () => {
    const shareId = await chatShare();
    const deps = depsWith({
      fetch: async () => {
        await revokeShare({ db: database.db, queue, log }, accountId, shareId);
        queue.jobs = [];
        return Readable.from([bytes]);
      },
    });
    await storeAttachments(deps, shareId);
    expect(await readShare(shareId)).toMatchObject({
      state: 'REVOKED',
      attachments: [{ state: 'EXPECTED' }],
    });
    expect(marks.shares).toEqual([]);
    expect(await deliveryStates(shareId)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await usedBytes()).toBe(0n);
    // What was written after the revoke's own deletion is deleted by another one.
    expect(queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId } }]);
  });

  test('is billed back, since nothing of it was ever ready', async () => {
    const shareId = await chatShare();
    await revokeShare({ db: database.db, queue, log }, accountId, shareId);
    await storeAttachments(depsWith(fakeFetcher({ F1: bytes })), shareId);
    expect(await usage(shareId)).toMatchObject([{ kind: 'SHARE' }, { kind: 'REVERSAL' }]);
    expect(files.objects.size).toBe(0);
  });
});

describe('an uploaded share', () => {
  test('is read once where it landed, and keeps its key', async () => {
    const shareId = await landed(bytes.length, bytes);
    await storeAttachments(depsWith(noFetcher), shareId);
    await storeAttachments(depsWith(noFetcher), shareId);
    const share = await readShare(shareId);
    expect(share.state).toBe('READY');
    expect(share.attachments).toMatchObject([
      {
        state: 'STORED',
        sha256: sha256(bytes),
        storageKey: `shares/${shareId}/00112233445566778899aabbccddeeff`,
      },
    ]);
    expect(files.objects.size).toBe(1);
    expect(await usage(shareId)).toHaveLength(1);
  });

  test.each([
    ['more', 10, 99_990n],
    ['less', 200_000, -100_000n],
  ])(
    'with %s bytes than announced is billed and counted by what arrived',
    async (_, announced, difference) => {
      const shareId = await landed(announced, bytes);
      await storeAttachments(depsWith(noFetcher), shareId);
      const share = await readShare(shareId);
      expect(share.state).toBe('READY');
      expect(share.attachments[0]?.sizeBytes).toBe(100_000n);
      expect(await usage(shareId)).toMatchObject([
        { kind: 'SHARE', bytes: BigInt(announced) },
        { kind: 'CORRECTION', bytes: difference, subject: share.attachments[0]?.id },
      ]);
      expect(await usedBytes()).toBe(100_000n);
    },
  );

  test('with more bytes than the account may hold fails, and is reversed to nothing', async () => {
    const shareId = await landed(10, bytes);
    await storeAttachments(depsWith(noFetcher, { limits: { maxLiveBytes: 1_000 } }), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: 'share.storage_full' });
    const lines = await usage(shareId);
    expect(lines.reduce((sum, line) => sum + line.bytes, 0n)).toBe(0n);
    expect(await usedBytes()).toBe(0n);
  });

  test('is reversed with its correction where a later file fails', async () => {
    const request = {
      entrance: 'PORTAL' as const,
      files: [uploadFile('a.pdf', 10), uploadFile('b.pdf', 10)],
    };
    const shareId = await acceptShare(database.db, accountId, request);
    for (const [position, content] of [bytes, Buffer.alloc(0)].entries()) {
      const storageKey = `shares/${shareId}/${String(position).repeat(32)}`;
      files.objects.set(storageKey, { bytes: content, modifiedAt: new Date() });
      await database.db.attachment.updateMany({
        where: { shareId, position },
        data: { storageKey, uploadedAt: new Date() },
      });
    }
    await database.db.share.update({ where: { id: shareId }, data: { state: 'RECEIVED' } });
    await storeAttachments(depsWith(noFetcher), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: 'file.empty' });
    expect((await usage(shareId)).map(({ kind, bytes: lineBytes }) => [kind, lineBytes])).toEqual([
      ['SHARE', 20n],
      ['CORRECTION', 99_990n],
      ['REVERSAL', -100_010n],
    ]);
    expect(await usedBytes()).toBe(0n);
  });

  test.each([
    ['is empty', Buffer.alloc(0), 'file.empty'],
    ['is larger than a file may be', bytes, 'file.too_large'],
  ])('that %s fails, and says so', async (_, content, code) => {
    const shareId = await landed(10, content);
    await storeAttachments(depsWith(noFetcher, { limits: { maxFileBytes: 99_999 } }), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: code });
    expect(await usedBytes()).toBe(0n);
  });

  test('whose object is gone fails, and asks to upload it again', async () => {
    const shareId = await landed(10, bytes);
    files.objects.clear();
    await storeAttachments(depsWith(noFetcher), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'FAILED', failureCode: 'file.upload_missing' });
  });
});

describe('a scanner', () => {
  /** Finds malware wherever `found` is in a file, or is down. */
  const scannerFor = (found: string | null): Scanner => ({
    async begin(name) {
      if (found === null) throw new AppError('unavailable', 'scanner.unavailable', {});
      let passed = '';
      return {
        async *pass(chunks) {
          for await (const chunk of chunks) {
            passed += chunk.toString('latin1');
            yield chunk;
          }
        },
        async finish() {
          if (passed.includes(found))
            throw new AppError('invalid', 'file.infected', { name, malware: 'Eicar' });
        },
        close: () => undefined,
      };
    },
  });

  const chat = () => chatShare(10);
  const upload = () => landed(10, Buffer.from('0123456789'));

  test.each([
    ['chat', chat],
    ['the portal', upload],
  ])('that finds malware ends a share from %s, and its objects go (M21)', async (_, accept) => {
    const shareId = await accept();
    const deps = depsWith(fakeFetcher({ F1: Buffer.from('0123456789') }), { scanner: scannerFor('567') });
    await storeAttachments(deps, shareId);
    expect(await readShare(shareId)).toMatchObject({
      state: 'FAILED',
      failureCode: 'file.infected',
    });
    expect(queue.jobs).toContainEqual(expect.objectContaining({ name: 'delete-objects' }));
    expect(marks.shares).toEqual([]);
    expect(await usedBytes()).toBe(0n);
  });

  test('that is down makes a share wait, without end', async () => {
    const shareId = await chat();
    const fetcher = fakeFetcher({ F1: Buffer.from('0123456789') });
    const fetched = vi.spyOn(fetcher, 'fetch');
    for (let round = 0; round < 30; round += 1) {
      await expect(
        storeAttachments(depsWith(fetcher, { scanner: scannerFor(null) }), shareId),
      ).rejects.toMatchObject({ code: 'scanner.unavailable' });
    }
    expect(fetched, 'nothing is fetched in vain').not.toHaveBeenCalled();
    expect(await readShare(shareId)).toMatchObject({ state: 'RECEIVED' });
    await storeAttachments(depsWith(fetcher, { scanner: scannerFor('nothing') }), shareId);
    expect(await readShare(shareId)).toMatchObject({ state: 'READY' });
  });
});

function brokenAfter(start: Buffer): () => Readable {
  return () =>
    Readable.from(
      (async function* () {
        yield start;
        throw new Error('ECONNRESET');
      })(),
    );
}

function isFile(source: { kind: string; fileId?: string }, fileId: string): boolean {
  return source.fileId === fileId;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function readShare(shareId: string) {
  const include = { attachments: { orderBy: { position: 'asc' as const } } };
  return database.db.share.findUniqueOrThrow({ where: { id: shareId }, include });
}

function usage(shareId: string) {
  return database.db.usageRecord.findMany({ where: { shareId }, orderBy: { createdAt: 'asc' } });
}

async function usedBytes(): Promise<bigint | undefined> {
  return (await database.db.quota.findUnique({ where: { accountId } }))?.usedBytes;
}

async function deliveryStates(shareId: string): Promise<string[]> {
  return (await database.db.delivery.findMany({ where: { shareId } })).map(({ state }) => state);
}

async function lapseLease(shareId: string): Promise<void> {
  await database.db
    .$executeRaw`UPDATE share SET lease_until = now() - interval '1 s' WHERE id = ${shareId}::uuid`;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('waited 5 s in vain');
}
