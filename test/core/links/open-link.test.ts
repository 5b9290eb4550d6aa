import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLink, reportShare, startDownload } from '../../../core/links/open-link.js';
import { mintToken } from '../../../core/links/tokens.js';
import { revokeRecipient, revokeShare } from '../../../core/shares/revoke-share.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeQueue, fakeSigner, linkSecrets } from '../../support/fakes.js';
import { untilWaiting } from '../../support/until-waiting.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare, slackFile } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareId: string;
let token: string;
let otherToken: string;
let recipientId: string;
let fileId: string;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  const { db } = database;
  accountId = (await createAccount(db)).id;
  shareId = await readyShare(db, accountId, {
    emails: ['bob@x.org carla@x.org'],
    files: [slackFile('plan.pdf', 5), slackFile('b.pdf', 6, 'F2')],
    message: 'Hi',
  });
  const recipients = await db.recipient.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
  recipientId = recipients[0]?.id ?? '';
  [token = '', otherToken = ''] = recipients.map(({ id }) => mintToken(linkSecrets, 'link', id));
  fileId = (await db.attachment.findFirstOrThrow({ where: { shareId }, orderBy: { position: 'asc' } })).id;
});

const deps = () => ({
  db: database.db,
  linkSecrets,
  signer: fakeSigner(),
  log: fakeLog(),
  queue: fakeQueue(),
});
const dead = { kind: 'not_found', code: 'page.dead_link' };
const update = (data: object) => database.db.share.update({ where: { id: shareId }, data });

describe('a link', () => {
  test('shows the sender, the message and the files, and nobody else who got them', async () => {
    const opened = await openLink(deps(), token);
    expect(opened).toMatchObject({
      state: 'open',
      senderName: 'Ann Lee',
      message: 'Hi',
      files: [{ name: 'plan.pdf', sizeBytes: 5, downloads: 0 }, { name: 'b.pdf' }],
    });
    expect(JSON.stringify(opened)).not.toMatch(/bob@|carla@|shares\//);
  });

  test('looked at by a mail scanner changes nothing', async () => {
    await openLink(deps(), token);
    expect(await database.db.download.count({ where: { recipientId } })).toBe(0);
    expect(await database.db.auditEvent.count({ where: { subjectId: fileId } })).toBe(0);
  });

  test('counts downloads for its own recipient', async () => {
    expect(await startDownload(deps(), token, fileId)).toContain('name=plan.pdf');
    await startDownload(deps(), token, fileId);
    expect(await openLink(deps(), token)).toMatchObject({ files: [{ downloads: 2 }, { downloads: 0 }] });
    expect(await openLink(deps(), otherToken)).toMatchObject({ files: [{ downloads: 0 }, { downloads: 0 }] });
    expect(
      await database.db.auditEvent.count({ where: { subjectId: fileId, action: 'file.downloaded' } }),
    ).toBe(2);
  });

  test('counts every one of many downloads at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => startDownload(deps(), token, fileId)));
    expect(await database.db.download.count({ where: { recipientId } })).toBe(20);
  });

  test('opens no file of another share', async () => {
    const foreign = await readyShare(database.db, accountId);
    const { id } = await database.db.attachment.findFirstOrThrow({ where: { shareId: foreign } });
    for (const wrong of [id, randomUUID(), 'nonsense', '-'.repeat(36)]) {
      await expect(startDownload(deps(), token, wrong)).rejects.toMatchObject(dead);
    }
  });

  test('can report the share, whatever became of it', async () => {
    await update({ state: 'REVOKED' });
    await reportShare(deps(), token);
    expect(
      await database.db.auditEvent.count({ where: { subjectId: shareId, action: 'share.reported' } }),
    ).toBe(1);
    await expect(reportShare(deps(), 'x')).rejects.toMatchObject(dead);
  });
});

describe('every dead link looks the same', () => {
  test.each([
    ['a mistyped one', () => Promise.resolve('x')],
    ['one of nobody', () => Promise.resolve(mintToken(linkSecrets, 'link', randomUUID()))],
    ['one for another purpose', () => Promise.resolve(mintToken(linkSecrets, 'reset-password', recipientId))],
    ['one signed with a foreign secret', () => Promise.resolve(mintToken(['x'], 'link', recipientId))],
    ['a revoked share', async () => (await revokeShare(deps(), accountId, shareId), token)],
    [
      'a revoked recipient',
      async () => (await revokeRecipient(deps(), accountId, shareId, recipientId), token),
    ],
    ['a failed share', async () => (await update({ state: 'FAILED' }), token)],
    ['one that is not ready', async () => (await update({ state: 'STORING' }), token)],
  ])('%s', async (_, prepare) => {
    const link = await prepare();
    await expect(openLink(deps(), link)).rejects.toMatchObject(dead);
    await expect(startDownload(deps(), link, fileId)).rejects.toMatchObject(dead);
    expect(await database.db.download.count({ where: { recipientId } })).toBe(0);
  });

  test('and one recipient that is revoked leaves the others their link', async () => {
    await revokeRecipient(deps(), accountId, shareId, recipientId);
    expect(await openLink(deps(), otherToken)).toMatchObject({ state: 'open' });
    expect(await startDownload(deps(), otherToken, fileId)).toContain('name=plan.pdf');
  });
});

describe('a link whose share merely ran out', () => {
  test.each([
    ['and was cleaned up', { state: 'EXPIRED' as const }],
    ['a moment ago', { expiresAt: new Date(Date.now() - 1_000) }],
  ])('%s names the sender, to be asked for another, and opens nothing', async (_, data) => {
    await update(data);
    expect(await openLink(deps(), token)).toEqual({
      state: 'expired',
      senderName: 'Ann Lee',
      senderEmail: expect.stringContaining('@') as string,
    });
    await expect(startDownload(deps(), token, fileId)).rejects.toMatchObject(dead);
  });

  test('is dead where the recipient was revoked before', async () => {
    await revokeRecipient(deps(), accountId, shareId, recipientId);
    await update({ state: 'EXPIRED' });
    await expect(openLink(deps(), token)).rejects.toMatchObject(dead);
  });
});

describe('a revoke that races downloads', () => {
  test('counts none after it was answered, however they come', async () => {
    const downloads = Array.from({ length: 15 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 5));
      await startDownload(deps(), token, fileId).catch(() => undefined);
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await revokeShare(deps(), accountId, shareId);
    const count = await database.db.download.count({ where: { recipientId } });
    await Promise.all(downloads);
    await startDownload(deps(), token, fileId).catch(() => undefined);
    expect(await database.db.download.count({ where: { recipientId } })).toBe(count);
  });

  test('refuses a download that had to wait for something else, and a revoke came meanwhile', async () => {
    // A resend holds the recipient's row, which a revoke of the share does not need.
    const resend = await begin('SELECT 1 FROM recipient WHERE id = $1 FOR UPDATE', recipientId);
    const download = outcome(startDownload(deps(), token, fileId));
    await untilWaiting(database);
    await revokeShare(deps(), accountId, shareId);
    await resend.commit();
    expect(await download).toBe('refused');
    expect(await database.db.download.count({ where: { recipientId } })).toBe(0);
  });

  test.each<[string, () => [string, string]]>([
    ['the share', () => [`UPDATE share SET state = 'REVOKED' WHERE id = $1`, shareId]],
    ['the recipient', () => ['UPDATE recipient SET revoked_at = now() WHERE id = $1', recipientId]],
  ])('of %s and is about to commit is waited for', async (_, statement) => {
    const revoke = await begin(...statement());
    const download = outcome(startDownload(deps(), token, fileId));
    await untilWaiting(database);
    await revoke.commit();
    expect(await download).toBe('refused');
  });
});

const outcome = (download: Promise<string>): Promise<string> =>
  download.then(
    () => 'started',
    () => 'refused',
  );

/** A transaction of somebody else, which ends when the test says so. */
async function begin(statement: string, id: string): Promise<{ commit(): Promise<void> }> {
  const client = new pg.Client({ connectionString: database.connectionString });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement, [id]);
  return {
    async commit() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}
