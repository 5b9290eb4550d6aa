import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeAddress } from '../../../core/deliveries/change-address.js';
import { openLink } from '../../../core/links/open-link.js';
import { mintToken } from '../../../core/links/tokens.js';
import type { Limits } from '../../../core/ports.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakeQueue, limits, linkSecrets } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { readyShare } from '../../support/shares.js';

let database: OpenTestDatabase;
let accountId: string;
let shareId: string;
let recipientId: string;
let marks: ReturnType<typeof fakeMarks>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  shareId = await readyShare(database.db, accountId, { emails: ['bob@x.org', 'eve@x.org'] });
  const bob = await database.db.recipient.findFirstOrThrow({ where: { shareId, email: 'bob@x.org' } });
  recipientId = bob.id;
  await database.db.delivery.updateMany({
    where: { shareId },
    data: { state: 'BOUNCED', stateAt: new Date() },
  });
  marks = fakeMarks();
});

const deps = (own: Partial<Limits> = {}) => {
  const { db } = database;
  return { db, queue: fakeQueue(), marks, log: fakeLog(), limits: { ...limits, ...own } };
};
const change = (addressText: string, by = accountId, own: Partial<Limits> = {}) =>
  changeAddress(deps(own), by, { shareId, recipientId, addressText });
const link = (id: string) => openLink({ db: database.db, linkSecrets }, mintToken(linkSecrets, 'link', id));

describe('another address', () => {
  test('gets the share with a link of its own, and the old link is dead', async () => {
    expect(await change('Robert <rob@x.org>')).toEqual({ email: 'rob@x.org' });
    const rob = await database.db.recipient.findFirstOrThrow({ where: { shareId, email: 'rob@x.org' } });
    expect((await link(rob.id)).state).toBe('open');
    await expect(link(recipientId)).rejects.toMatchObject({ code: 'page.dead_link' });
    const delivery = await database.db.delivery.findFirstOrThrow({ where: { subjectId: rob.id } });
    expect(delivery).toMatchObject({ kind: 'SHARE', state: 'PENDING', email: 'rob@x.org', attempt: 1 });
    expect(marks.shares).toEqual([shareId]);
    const ledger = await database.db.usageRecord.findMany({ where: { shareId, kind: 'CORRECTION' } });
    expect(ledger).toMatchObject([{ subject: rob.id, bytes: 0n, recipients: ['rob@x.org'] }]);
  });

  test('asked for twice, also at once, is one', async () => {
    await Promise.all([change('rob@x.org'), change('rob@x.org')]);
    await change('rob@x.org');
    expect(await database.db.recipient.count({ where: { shareId } })).toBe(3);
    expect(await database.db.delivery.count({ where: { shareId, state: 'PENDING' } })).toBe(1);
  });

  test.each([
    ['nonsense', 'recipients.malformed'],
    ['', 'recipients.none'],
    ['a@x.org b@x.org', 'recipients.one'],
    ['EVE@x.org', 'recipients.has_share'],
    ['bob@x.org', 'recipients.has_share'],
  ])('"%s" is refused (%s), and nothing is changed', async (text, code) => {
    await expect(change(text)).rejects.toMatchObject({ code });
    expect((await link(recipientId)).state).toBe('open');
  });

  test('is refused where a rule of the workspace forbids it, by the name of the rule', async () => {
    await database.db.share.update({ where: { id: shareId }, data: { workspaceIds: ['T-RULES'] } });
    const rules = { allowedDomains: ['y.org'], updatedBy: 'U1' };
    await database.db.workspaceRules.create({
      data: { platform: 'SLACK', workspaceId: 'T-RULES', ...rules },
    });
    await expect(change('rob@x.org')).rejects.toMatchObject({ code: 'rules.domain' });
    await change('rob@y.org');
    await database.db.workspaceRules.deleteMany();
  });

  test('is refused to a stranger, for a share that ended, and past the limit of the day', async () => {
    const { id: stranger } = await createAccount(database.db);
    await expect(change('rob@x.org', stranger)).rejects.toMatchObject({ kind: 'not_found' });
    const limited = { maxRecipientsPerDay: 2, maxRecipientsPerDayWhenNew: 2 };
    await expect(change('rob@x.org', accountId, limited)).rejects.toMatchObject({
      code: 'share.recipients_limited',
    });
    await database.db.share.update({ where: { id: shareId }, data: { state: 'REVOKED' } });
    await expect(change('rob@x.org')).rejects.toMatchObject({ code: 'share.ended' });
    expect(await database.db.recipient.count({ where: { shareId } })).toBe(2);
  });
});
