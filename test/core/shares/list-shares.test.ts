import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getShare, listShares, PAGE_SIZE, signOwnDownload } from '../../../core/shares/list-shares.js';
import { createAccount } from '../../support/accounts.js';
import { fakeSigner } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare, slackFile } from '../../support/shares.js';

let database: OpenTestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

describe('the history of an account', () => {
  test('comes newest first, in pages, each share once, and without those of others', async () => {
    const { db } = database;
    const accountId = (await createAccount(db)).id;
    await readyShare(db, (await createAccount(db)).id);
    const made: string[] = [];
    for (let count = 0; count < PAGE_SIZE + 3; count += 1) made.push(await acceptShare(db, accountId));
    const first = await listShares(db, accountId);
    const second = await listShares(db, accountId, 2);
    expect(first).toMatchObject({ hasMore: true });
    expect(second).toMatchObject({ hasMore: false });
    const listed = [...first.shares, ...second.shares].map(({ shareId }) => shareId);
    expect(listed).toEqual(made.reverse());
    expect(await listShares(db, accountId, 3)).toEqual({ shares: [], hasMore: false });
  });

  test('tells of each recipient the latest mail and the deliberate downloads', async () => {
    const { db } = database;
    const accountId = (await createAccount(db)).id;
    const files = [slackFile('a.pdf', 5), slackFile('b.pdf', 6, 'F2')];
    const shareId = await readyShare(db, accountId, {
      emails: ['ann@x.org bob@x.org'],
      files,
      message: 'Hi',
    });
    const [ann, bob] = await db.recipient.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
    const [file] = await db.attachment.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
    await db.delivery.updateMany({
      where: { subjectId: ann?.id ?? '' },
      data: { state: 'UNCONFIRMED', errorCode: 'ETIMEDOUT' },
    });
    await db.delivery.create({
      data: {
        kind: 'SHARE',
        subjectId: ann?.id ?? '',
        attempt: 2,
        shareId,
        email: 'ann@x.org',
        state: 'SENT',
      },
    });
    await db.download.create({ data: { attachmentId: file?.id ?? '', recipientId: ann?.id ?? '' } });
    await db.recipient.update({ where: { id: bob?.id ?? '' }, data: { revokedAt: new Date() } });
    expect(await getShare(db, accountId, shareId)).toMatchObject({
      state: 'READY',
      message: 'Hi',
      files: [{ name: 'a.pdf', sizeBytes: 5, isStored: true }, { name: 'b.pdf' }],
      recipients: [
        {
          email: 'ann@x.org',
          delivery: 'SENT',
          errorCode: null,
          isRevoked: false,
          downloads: [{ name: 'a.pdf' }],
        },
        { email: 'bob@x.org', delivery: 'PENDING', isRevoked: true, downloads: [] },
      ],
    });
  });
});

describe('an own file', () => {
  test('can be fetched while it is stored', async () => {
    const { db } = database;
    const accountId = (await createAccount(db)).id;
    const deps = { db, signer: fakeSigner() };
    const shareId = await readyShare(db, accountId);
    const { id } = await db.attachment.findFirstOrThrow({ where: { shareId } });
    expect(await signOwnDownload(deps, accountId, shareId, id)).toContain(`shares/${shareId}/`);
    expect(await db.download.count({ where: { attachmentId: id } })).toBe(0);
    await db.attachment.update({ where: { id }, data: { state: 'DELETED' } });
    await expect(signOwnDownload(deps, accountId, shareId, id)).rejects.toMatchObject({ kind: 'gone' });
    await db.attachment.update({ where: { id }, data: { state: 'EXPECTED' } });
    await expect(signOwnDownload(deps, accountId, shareId, id)).rejects.toMatchObject({
      code: 'share.not_ready',
    });
  });

  test.each([
    ['withdrawn', { state: 'REVOKED' as const }],
    ['expired', { state: 'EXPIRED' as const }],
    ['failed', { state: 'FAILED' as const }],
    ['past its time', { expiresAt: new Date(Date.now() - 1_000) }],
  ])('cannot be fetched once its share is %s, though its bytes are still there', async (_, data) => {
    const { db } = database;
    const accountId = (await createAccount(db)).id;
    const shareId = await readyShare(db, accountId);
    const { id } = await db.attachment.findFirstOrThrow({ where: { shareId } });
    await db.share.update({ where: { id: shareId }, data });
    await expect(signOwnDownload({ db, signer: fakeSigner() }, accountId, shareId, id)).rejects.toMatchObject(
      { kind: 'gone', code: 'share.ended' },
    );
  });

  test('of somebody else is not there, under whatever id', async () => {
    const { db } = database;
    const deps = { db, signer: fakeSigner() };
    const accountId = (await createAccount(db)).id;
    const own = await readyShare(db, accountId);
    const foreign = await readyShare(db, (await createAccount(db)).id);
    const foreignFile = await db.attachment.findFirstOrThrow({ where: { shareId: foreign } });
    for (const [shareId, fileId] of [
      [foreign, foreignFile.id],
      [own, foreignFile.id],
      [own, randomUUID()],
      [own, '------------------------------------'],
      ['x', 'y'],
    ] as const) {
      await expect(signOwnDownload(deps, accountId, shareId, fileId)).rejects.toMatchObject({
        kind: 'not_found',
      });
    }
    await expect(getShare(db, accountId, foreign)).rejects.toMatchObject({ kind: 'not_found' });
  });
});
