import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createStorage, type Storage } from '../../../adapters/storage.js';
import type { StorageOptions } from '../../../core/config.js';
import type { FileFetcher } from '../../../core/ports.js';
import { deleteObjects } from '../../../core/shares/delete-objects.js';
import { reconcile } from '../../../core/shares/reconcile.js';
import { revokeShare } from '../../../core/shares/revoke-share.js';
import { storeAttachments } from '../../../core/shares/store-attachments.js';
import { checkCopy } from '../../../core/storage/check-copy.js';
import { rebuild } from '../../../core/storage/rebuild.js';
import { repairAttachment } from '../../../core/storage/repair-attachment.js';
import { scrub } from '../../../core/storage/scrub.js';
import { getStorageStatus } from '../../../core/storage/storage-status.js';
import { listStoredOf } from '../../../core/storage/stored-attachment.js';
import { verifyAttachment } from '../../../core/storage/verify-attachment.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFetcher, fakeLog, fakeQueue, limits, timings } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, slackFile, uploadFile } from '../../support/shares.js';
import { startLiar, startMembers, type TestMember } from '../../support/start-members.js';

const FILE_BYTES = 300_000;
const NAMES = ['member-0', 'member-1', 'member-2'];

let database: OpenTestDatabase;
let servers: TestMember[];
let accountId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  servers = await startMembers(3);
  accountId = (await createAccount(database.db)).id;
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
  await database.release();
});

beforeEach(async () => {
  // What another test has left is nobody's any more.
  const { db } = database;
  const ended = { endedAt: new Date(), objectsDeletedAt: new Date() };
  await db.share.updateMany({ data: { state: 'REVOKED', ...ended } });
  await db.attachment.updateMany({ data: { state: 'DELETED' } });
  await db.storageRepair.deleteMany();
});

function setUp(options: readonly StorageOptions[] = servers.map((server) => server.options)) {
  const log = fakeLog();
  const storage = createStorage(options, log, { answerMs: 400, patienceMs: 400 });
  return {
    ...{ db: database.db, sql: database.pool, queue: fakeQueue(), log, timings, limits, scanner: null },
    ...{ files: storage.files, members: storage.members, marks: storage.marks, storage },
  };
}

type Rig = ReturnType<typeof setUp>;

/** A share from Slack of so many files, stored. */
async function share(rig: Rig, count = 1): Promise<{ shareId: string; bytes: Buffer[] }> {
  const bytes = Array.from({ length: count }, () => randomBytes(FILE_BYTES));
  const shareId = await accept(bytes);
  await storeAttachments({ ...rig, fetchers: fetcherOf(bytes) }, shareId);
  return { shareId, bytes };
}

function accept(bytes: readonly Buffer[]): Promise<string> {
  const files = bytes.map((file, index) => slackFile(`${index}.bin`, file, `F${index}`));
  return acceptShare(database.db, accountId, { files });
}

function fetcherOf(bytes: readonly Buffer[]): FileFetcher {
  return fakeFetcher(
    Object.fromEntries(bytes.map((file, index) => [`F${index}`, () => Readable.from(inPieces(file))])),
  );
}

function* inPieces(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += 20_000) yield file.subarray(at, at + 20_000);
}

/** What each member has of a share's files. */
async function copies({ members }: Pick<Rig, 'members'>, shareId: string): Promise<string[]> {
  const states: string[] = [];
  for (const attachment of await listStoredOf(database.pool, shareId)) {
    for (const member of members) states.push(await checkCopy(member, attachment));
  }
  return states;
}

function owed(): Promise<string[]> {
  return database.db.storageRepair
    .findMany({ orderBy: { member: 'asc' } })
    .then((rows) => rows.map(({ member }) => member));
}

/** The SHA-256 of what a recipient gets: to compare the bytes themselves takes a test runner seconds. */
async function downloads(storage: Storage, shareId: string): Promise<string[]> {
  const found: string[] = [];
  const rows = await database.db.attachment.findMany({
    where: { shareId },
    include: { repairs: true },
    orderBy: { position: 'asc' },
  });
  for (const { storageKey, name, sizeBytes, repairs } of rows) {
    const avoid = repairs.map(({ member }) => member);
    const file = { name, sizeBytes: Number(sizeBytes) };
    const answer = await fetch(await storage.signer.signDownload(storageKey ?? '', file, avoid));
    found.push(digestOf(Buffer.from(await answer.arrayBuffer())));
  }
  return found;
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const right = (count: number): string[] => Array.from({ length: count }, () => 'right');

describe('with all members well', () => {
  test('a file is with each of them, byte by byte, and nothing is owed', async () => {
    const rig = setUp();
    const { shareId, bytes } = await share(rig, 2);
    expect(await copies(rig, shareId)).toEqual(right(6));
    expect(await owed()).toEqual([]);
    expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));
    const row = await database.db.attachment.findFirstOrThrow({ where: { shareId, position: 0 } });
    expect(row.sha256).toBe(digestOf(bytes[0] ?? Buffer.alloc(0)));
  });

  test('deleting reaches each of them', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const [attachment] = await listStoredOf(database.pool, shareId);
    await revokeShare(rig, accountId, shareId);
    await deleteObjects(rig, shareId);
    for (const member of rig.members) expect(await member.sizeOf(attachment?.storageKey ?? '')).toBeNull();
  });

  test('a body that breaks leaves nothing with any of them, and its error is nobody else’s', async () => {
    const rig = setUp();
    const reason = new Error('Slack hung up');
    const body = Readable.from(
      (function* () {
        yield randomBytes(100_000);
        throw reason;
      })(),
    );
    await expect(rig.files.put('shares/x/broken', body, 200_000)).rejects.toBe(reason);
    await expect(rig.files.put('shares/x/short', Readable.from([Buffer.from('abc')]), 5)).rejects.toThrow(
      'early',
    );
    for (const member of rig.members) expect((await member.list('shares/x/')).objects).toEqual([]);
    expect(rig.log.lines).toEqual([]);
  });

  test('an upload that landed with one is with the others before the ready mark is written', async () => {
    const rig = setUp();
    const { shareId, bytes } = await upload(rig);
    const seen: string[] = [];
    const marks = {
      ...rig.marks,
      markShare: async () => void seen.push(...(await copies(rig, shareId))),
    };
    await storeAttachments({ ...rig, marks, fetchers: fetcherOf([]) }, shareId);
    expect(seen).toEqual(right(3));
    expect(await downloads(rig.storage, shareId)).toEqual([digestOf(bytes)]);
  });
});

/** As a browser does: with the member that took it. */
async function upload(rig: Rig): Promise<{ shareId: string; bytes: Buffer }> {
  const bytes = randomBytes(FILE_BYTES);
  const shareId = await acceptShare(database.db, accountId, {
    entrance: 'PORTAL',
    files: [uploadFile('a.bin', bytes.length)],
  });
  const storageKey = `shares/${shareId}/upload`;
  const { uploads } = rig.storage;
  const { uploadId } = await uploads.begin(storageKey);
  const url = await uploads.signPart(storageKey, uploadId, 1, bytes.length);
  const { headers } = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) });
  const etag = headers.get('etag') ?? '';
  expect(await uploads.listParts(storageKey, uploadId)).toMatchObject([{ sizeBytes: bytes.length }]);
  expect(await uploads.complete(storageKey, uploadId, [{ partNumber: 1, etag }])).toBe(bytes.length);
  await database.db.attachment.updateMany({
    where: { shareId },
    data: { storageKey, uploadId, uploadedAt: new Date() },
  });
  await database.db.share.update({ where: { id: shareId }, data: { state: 'RECEIVED' } });
  return { shareId, bytes };
}

describe.each([
  ['the primary', 0],
  ['a mirror', 1],
])('with %s killed', (_, index) => {
  beforeEach(async () => {
    await servers[index]?.kill();
    return () => servers[index]?.revive();
  });

  test('a share is stored and marked, its copy is owed, and an operator is called once', async () => {
    const rig = setUp();
    const { shareId, bytes } = await share(rig, 3);
    const row = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    expect(row).toMatchObject({ state: 'READY', markedAt: expect.any(Date) as Date });
    expect(await owed()).toEqual(Array.from({ length: 3 }, () => NAMES[index]));
    const errors = rig.log.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ fields: { member: NAMES[index] } }]);
    expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));

    await servers[index]?.revive();
    for (const { id } of await database.db.attachment.findMany({ where: { shareId } }))
      await repairAttachment(rig, id);
    expect(await copies(rig, shareId)).toEqual(right(9));
    expect(await owed()).toEqual([]);
    await servers[index]?.kill();
  });

  test('an upload from a browser lands with another', async () => {
    const rig = setUp();
    const { shareId, bytes } = await upload(rig);
    await storeAttachments({ ...rig, fetchers: fetcherOf([]) }, shareId);
    expect(await owed()).toEqual([NAMES[index]]);
    expect(await downloads(rig.storage, shareId)).toEqual([digestOf(bytes)]);
  });

  test('a repair that cannot be done says so, and stays owed', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    await expect(repairAttachment(rig, id)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await owed()).toEqual([NAMES[index]]);
  });

  test('deleting reaches the others, and is tried again until it has reached this one', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const [attachment] = await listStoredOf(database.pool, shareId);
    await revokeShare(rig, accountId, shareId);
    await expect(deleteObjects(rig, shareId)).rejects.toMatchObject({ kind: 'unavailable' });
    for (const member of rig.members.filter(({ name }) => name !== NAMES[index])) {
      expect(await member.sizeOf(attachment?.storageKey ?? '')).toBeNull();
    }
    await servers[index]?.revive();
    await deleteObjects(rig, shareId);
    expect(await owed()).toEqual([]);
    await servers[index]?.kill();
  });

  test('its status is said, and what it owes', async () => {
    const rig = setUp();
    await share(rig);
    const { members, files } = await getStorageStatus(rig);
    expect(files).toBe(1);
    expect(members.map(({ isReachable, owed: count }) => [isReachable, count])).toEqual(
      NAMES.map((_name, each) => (each === index ? [false, 1] : [true, 0])),
    );
  });
});

describe('what is lost or wrong', () => {
  test.each([
    ['a scrub', (rig: Rig) => scrub(rig)],
    ['a rebuild', (rig: Rig) => rebuild(rig, rig.members)],
  ])('a wiped member is read past, and %s gives it everything back', async (_, mend) => {
    const rig = setUp();
    const { shareId, bytes } = await share(rig, 3);
    await servers[0]?.wipe();
    expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));
    const [first] = await listStoredOf(database.pool, shareId);
    const object = await rig.files.open(first?.storageKey ?? '');
    expect(object.member).toBe('member-1');
    expect((await buffer(object.bytes)).equals(bytes[0] ?? Buffer.alloc(0))).toBe(true);
    await mend(rig);
    expect(await copies(rig, shareId)).toEqual(right(9));
    expect(await owed()).toEqual([]);
  });

  test('a rebuild copies what is missing and leaves the rest', async () => {
    const rig = setUp();
    await share(rig, 2);
    await servers[1]?.wipe();
    await share(rig, 1);
    const target = rig.members[1];
    expect(target && (await rebuild(rig, [target]))).toEqual({
      ...{ present: 1, copied: 2, copiedBytes: 2 * FILE_BYTES, owed: 0 },
    });
  });

  test.each([0, 2])('rot in every object of member %i is found by a scrub, and mended', async (index) => {
    await Promise.all(servers.map((server) => server.wipe()));
    const rig = setUp();
    const { shareId, bytes } = await share(rig, 4);
    const { shareId: otherId } = await share(rig, 1);
    // The ready marks are empty: nothing of them rots.
    expect(await servers[index]?.rot()).toBeGreaterThanOrEqual(5);
    const result = await scrub(rig);
    expect(result).toMatchObject({ files: 5, wrong: 5, missing: 0, repaired: 5, lost: [] });
    expect(await copies(rig, shareId)).toEqual(right(12));
    expect(await copies(rig, otherId)).toEqual(right(3));
    expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));
    expect(await scrub(rig)).toMatchObject({ wrong: 0, repaired: 0 });
  });

  test('nobody is sent to a copy that is known to be wrong', async () => {
    const rig = setUp();
    const { shareId, bytes } = await share(rig);
    await servers[0]?.rot();
    const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    await database.db.storageRepair.create({ data: { attachmentId: id, member: 'member-0' } });
    expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));
  });

  test('a member that lies is found by a scrub, and never copied from', async () => {
    const [first, ...others] = servers;
    if (!first) throw new Error('no member');
    await Promise.all(servers.map((server) => server.wipe()));
    const { shareId } = await share(setUp());
    const liar = await startLiar(first);
    onTestFinished(liar.close);
    const rig = setUp([liar.options, ...others.map(({ options }) => options)]);
    await others[1]?.wipe();
    const target = rig.members[2];
    expect(target && (await rebuild(rig, [target]))).toMatchObject({ copied: 1, owed: 0 });
    expect(await copies(setUp(), shareId)).toEqual(right(3));
    expect(await scrub(rig)).toMatchObject({ wrong: 1, missing: 0, lost: [] });
    expect(rig.log.lines.at(-2)).toMatchObject({ level: 'warn', fields: { members: ['member-0'] } });
  });

  test('where no copy is right, nothing is overwritten, and an operator is called', async () => {
    const rig = setUp();
    await Promise.all(servers.map((server) => server.wipe()));
    const { shareId } = await share(rig);
    for (const server of servers) await server.rot();
    const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    expect(await scrub(rig)).toMatchObject({ wrong: 3, repaired: 0, lost: [{ shareId, attachmentId: id }] });
    expect(rig.log.lines.at(-1)).toMatchObject({ level: 'error', fields: { shareId } });
    await expect(repairAttachment(rig, id)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(downloads(rig.storage, shareId)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'storage.unavailable',
    });
    await Promise.all(servers.map((server) => server.wipe()));
  });

  test('a copy that is made while its share is revoked goes again', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    await servers[2]?.wipe();
    const [attachment] = await listStoredOf(database.pool, shareId);
    const [zero, one, two] = rig.members;
    if (!zero || !one || !two || !attachment) throw new Error('not set up');
    const slow = {
      ...two,
      put: async (...given: Parameters<typeof two.put>) => {
        await two.put(...given);
        await revokeShare(rig, accountId, shareId);
        await deleteObjects(
          { ...rig, files: { ...rig.files, deleteAll: (prefix) => zero.deleteAll(prefix) } },
          shareId,
        );
      },
    };
    await rebuild({ ...rig, members: [zero, one, slow] }, [slow]);
    expect(await two.sizeOf(attachment.storageKey)).toBeNull();
  });
});

describe('a member that is slow', () => {
  test('is not waited for by whoever reads', async () => {
    const rig = setUp();
    const { bytes, shareId } = await share(rig);
    const { storageKey } = (await listStoredOf(database.pool, shareId))[0] ?? { storageKey: '' };
    slow(0, 30_000);
    const object = await rig.files.open(storageKey);
    expect((await buffer(object.bytes)).equals(bytes[0] ?? Buffer.alloc(0))).toBe(true);
    expect(object.member).toBe('member-1');
  });

  test('is left behind by a write, and gets its copy later', async () => {
    const rig = setUp();
    slow(1, 30_000);
    const { shareId } = await share(rig);
    expect(await owed()).toEqual(['member-1']);
    slow(1, 0);
    const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    await repairAttachment(rig, id);
    expect(await copies(rig, shareId)).toEqual(right(3));
  });
});

function slow(index: number, delayMs: number): void {
  const faults = servers[index]?.server().faults;
  if (faults) Object.assign(faults, { failBuckets: delayMs > 0 ? { files: 'slow' } : {}, delayMs });
  onTestFinished(() => void Object.assign(faults ?? {}, { failBuckets: {} }));
}

test('a member lost in the middle of a write costs its copy alone', async () => {
  const rig = setUp();
  const size = 4_000_000;
  const file = randomBytes(size);
  const body = Readable.from(
    (async function* () {
      for (let at = 0; at < size; at += 100_000) {
        if (at === 2_000_000) await servers[0]?.kill();
        yield file.subarray(at, at + 100_000);
      }
    })(),
  );
  expect(await rig.files.put('shares/y/big', body, size)).toEqual({ missed: ['member-0'] });
  await servers[0]?.revive();
  expect(await rig.members[0]?.sizeOf('shares/y/big')).toBeNull();
  for (const member of rig.members.slice(1)) {
    expect((await buffer((await member.open('shares/y/big')).bytes)).equals(file)).toBe(true);
  }
  await rig.files.deleteAll('shares/y/');
});

test('with all members gone a share waits, and is stored once one is back', async () => {
  const rig = setUp();
  const bytes = [randomBytes(FILE_BYTES)];
  const shareId = await accept(bytes);
  await Promise.all(servers.map((server) => server.kill()));
  const work = () => storeAttachments({ ...rig, fetchers: fetcherOf(bytes) }, shareId);
  for (let round = 0; round < 2; round += 1) {
    await expect(work()).rejects.toMatchObject({ kind: 'unavailable', code: 'storage.unavailable' });
    const row = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    expect(row).toMatchObject({ state: 'RECEIVED', fetchFailures: 0, unexpectedErrors: 0 });
  }
  await servers[2]?.revive();
  await work();
  expect((await database.db.share.findUniqueOrThrow({ where: { id: shareId } })).state).toBe('READY');
  expect(await owed()).toEqual(['member-0', 'member-1']);
  expect(await downloads(rig.storage, shareId)).toEqual(bytes.map(digestOf));
  await Promise.all([servers[0]?.revive(), servers[1]?.revive()]);
});

describe('the reconciler', () => {
  test('has copies made that are owed, each time after a longer while', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const { id: attachmentId } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    await database.db.storageRepair.create({ data: { attachmentId, member: 'member-1' } });
    await reconcile(rig);
    await reconcile(rig);
    const repairs = () => rig.queue.jobs.filter(({ name }) => name === 'repair-attachment');
    expect(repairs()).toEqual([{ name: 'repair-attachment', payload: { attachmentId }, delayMs: undefined }]);
    const past = new Date(Date.now() - 1_000);
    await database.db.storageRepair.updateMany({ data: { nextAt: past, tries: 4 } });
    await reconcile(rig);
    expect(repairs()).toHaveLength(2);
    const { nextAt, tries } = await database.db.storageRepair.findFirstOrThrow();
    expect(tries).toBe(5);
    const waitMs = nextAt.getTime() - Date.now();
    expect(waitMs).toBeGreaterThan(timings.requeueAfterMs * 14);
    expect(waitMs).toBeLessThan(timings.requeueAfterMs * 17);
  });

  test('has every copy read once a week, and none earlier', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const { id: attachmentId } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    const verifications = () => rig.queue.jobs.filter(({ name }) => name === 'verify-attachment');
    await reconcile(rig);
    expect(verifications()).toEqual([]);
    await database.db.attachment.updateMany({ data: { verifyAt: new Date(Date.now() - 1_000) } });
    await reconcile(rig);
    await reconcile(rig);
    expect(verifications()).toHaveLength(1);
    await servers[1]?.wipe();
    await verifyAttachment(rig, attachmentId);
    await verifyAttachment(rig, attachmentId);
    expect(await copies(rig, shareId)).toEqual(right(3));
    const { verifyAt, verifiedAt } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    expect(verifiedAt).not.toBeNull();
    const days = ((verifyAt?.getTime() ?? 0) - Date.now()) / (24 * 60 * 60 * 1000);
    expect(days).toBeCloseTo(7, 1);
  });

  test('a member that cannot be asked leaves the reading due', async () => {
    const rig = setUp();
    const { shareId } = await share(rig);
    const { id, verifyAt } = await database.db.attachment.findFirstOrThrow({ where: { shareId } });
    await servers[0]?.kill();
    await verifyAttachment(rig, id);
    await servers[0]?.revive();
    expect(await database.db.attachment.findFirstOrThrow({ where: { shareId } })).toMatchObject({
      verifyAt,
      verifiedAt: null,
    });
    expect(await owed()).toEqual([]);
  });
});
