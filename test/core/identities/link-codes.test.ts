import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChatProfile } from '../../../core/identities/chat-user.js';
import {
  approveLinkCode,
  confirmLinkCode,
  createLinkCode,
  findIdentity,
  getLinkCode,
  refuseLinkCode,
  unlinkIdentity,
} from '../../../core/identities/link-codes.js';
import { mintToken } from '../../../core/links/tokens.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakePasswords, fakeRates, linkSecrets } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';

const password = 'a long enough one';

let database: OpenTestDatabase;
let accountId: string;
let ann: ChatProfile;
let marks: ReturnType<typeof fakeMarks>;
let rates: ReturnType<typeof fakeRates>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  accountId = (await createAccount(database.db)).id;
  ann = person();
  marks = fakeMarks();
  rates = fakeRates();
});

const deps = () => ({
  db: database.db,
  linkSecrets,
  marks,
  rates,
  log: fakeLog(),
  passwords: fakePasswords(),
});

function person(): ChatProfile {
  return {
    platform: 'SLACK',
    workspaceId: 'T1',
    userId: randomUUID(),
    userName: 'ann',
    workspaceName: 'Acme',
  };
}

/** A code for somebody in chat, as the bot mints it. */
async function mint(by = ann): Promise<{ linkCodeId: string; token: string }> {
  const { platform, workspaceId, userId } = by;
  const to = { platform, workspaceId, userId, language: 'en' } as const;
  const reply = { ...to, teamId: 'T1', replyHandle: 'r', replyUntil: new Date(), repliesLeft: 5 };
  const { linkCodeId, url } = await createLinkCode(deps(), 'https://portal.test', by, reply);
  expect(url).toMatch(/^https:\/\/portal\.test\/connect\/[\w.-]+$/);
  return { linkCodeId, token: url.split('/').at(-1) ?? '' };
}

const expired = { kind: 'gone', code: 'link.expired' };

describe('connecting an account', () => {
  test('takes the portal, the password, and then the same person in chat; only then it is connected', async () => {
    const { linkCodeId, token } = await mint();
    expect(await getLinkCode(deps(), token)).toMatchObject({
      userName: 'ann',
      workspaceName: 'Acme',
      accountId: null,
    });
    expect(await findIdentity(deps(), ann)).toBeNull();
    await approveLinkCode(deps(), token, accountId, password);
    expect(await findIdentity(deps(), ann)).toBeNull();
    expect(await database.db.chatNotice.findFirst({ where: { subjectId: linkCodeId } })).toMatchObject({
      kind: 'LINK',
      owed: 1,
    });
    expect(await confirmLinkCode(deps(), linkCodeId, ann)).toMatchObject({ accountId });
    expect(await findIdentity(deps(), ann)).toMatchObject({ accountId });
    expect(await database.db.auditEvent.count({ where: { accountId, action: 'identity.linked' } })).toBe(1);
  });

  test('is told to the account by mail', async () => {
    const { linkCodeId, token } = await mint();
    await approveLinkCode(deps(), token, accountId, password);
    await confirmLinkCode(deps(), linkCodeId, ann);
    expect(await database.db.delivery.findMany({ where: { subjectId: accountId } })).toMatchObject([
      { kind: 'NOTICE', topic: 'chat-connected' },
    ]);
    expect(marks.mails).toHaveLength(1);
  });

  test('and the mail that tells of it are one: neither is without the other', async () => {
    const { linkCodeId, token } = await mint();
    await approveLinkCode(deps(), token, accountId, password);
    await database.db.$executeRaw`
      CREATE FUNCTION refuse_mail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no mail'; END; $$`;
    await database.db.$executeRaw`
      CREATE TRIGGER no_mail BEFORE INSERT ON delivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_mail()`;
    await expect(confirmLinkCode(deps(), linkCodeId, ann)).rejects.toThrow();
    await database.db.$executeRaw`DROP FUNCTION refuse_mail CASCADE`;
    expect(await findIdentity(deps(), ann)).toBeNull();
    await confirmLinkCode(deps(), linkCodeId, ann);
    expect(await findIdentity(deps(), ann)).toMatchObject({ accountId });
    expect(await database.db.delivery.count({ where: { subjectId: accountId } })).toBe(1);
  });

  test('needs the right password, and counts wrong ones', async () => {
    const { linkCodeId, token } = await mint();
    await expect(approveLinkCode(deps(), token, accountId, 'wrong')).rejects.toMatchObject({
      code: 'account.password_wrong',
    });
    await expect(confirmLinkCode(deps(), linkCodeId, ann)).rejects.toMatchObject(expired);
    rates.usedUp.add('password-again');
    await expect(approveLinkCode(deps(), token, accountId, password)).rejects.toMatchObject({
      kind: 'limit',
    });
  });

  test('needs a confirmed account', async () => {
    const { token } = await mint();
    const unconfirmed = (await createAccount(database.db, { confirmed: false })).id;
    await expect(approveLinkCode(deps(), token, unconfirmed, password)).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'account.not_confirmed',
    });
  });

  test('works for ten minutes', async () => {
    const first = await mint();
    await age(first.linkCodeId, 601);
    await expect(getLinkCode(deps(), first.token)).rejects.toMatchObject(expired);
    await expect(approveLinkCode(deps(), first.token, accountId, password)).rejects.toMatchObject(expired);
    const second = await mint();
    await approveLinkCode(deps(), second.token, accountId, password);
    await age(second.linkCodeId, 601);
    await expect(confirmLinkCode(deps(), second.linkCodeId, ann)).rejects.toMatchObject(expired);
    expect(await findIdentity(deps(), ann)).toBeNull();
  });

  test('works once, also at once', async () => {
    const { linkCodeId, token } = await mint();
    const approvals = Array.from({ length: 4 }, () => approveLinkCode(deps(), token, accountId, password));
    expect(fulfilled(await Promise.allSettled(approvals))).toBe(1);
    const confirmations = Array.from({ length: 4 }, () => confirmLinkCode(deps(), linkCodeId, ann));
    expect(fulfilled(await Promise.allSettled(confirmations))).toBe(1);
    await expect(getLinkCode(deps(), token)).rejects.toMatchObject(expired);
    await expect(confirmLinkCode(deps(), linkCodeId, ann)).rejects.toMatchObject(expired);
  });

  test('asked for again makes the earlier link worthless', async () => {
    const first = await mint();
    const second = await mint();
    await expect(getLinkCode(deps(), first.token)).rejects.toMatchObject(expired);
    await getLinkCode(deps(), second.token);
  });

  test('through a link that was never minted, or for another purpose, leads nowhere', async () => {
    const { linkCodeId } = await mint();
    for (const token of [
      'x',
      mintToken(linkSecrets, 'connect-chat', randomUUID()),
      mintToken(linkSecrets, 'link', linkCodeId),
    ]) {
      await expect(getLinkCode(deps(), token)).rejects.toMatchObject({ kind: 'gone' });
      await expect(approveLinkCode(deps(), token, accountId, password)).rejects.toMatchObject({
        kind: 'gone',
      });
    }
    await expect(confirmLinkCode(deps(), randomUUID(), ann)).rejects.toMatchObject(expired);
    await expect(confirmLinkCode(deps(), 'nonsense', ann)).rejects.toMatchObject(expired);
  });
});

describe('a stranger', () => {
  test('who gets somebody to open the stranger’s link can be seen by name, and gains nothing from the click alone', async () => {
    const mallory = { ...person(), userName: 'mallory' };
    const { token } = await mint(mallory);
    // The victim is signed in and opens it: the page names mallory, and only their password goes on.
    expect((await getLinkCode(deps(), token)).userName).toBe('mallory');
    await expect(approveLinkCode(deps(), token, accountId, '')).rejects.toMatchObject({
      code: 'account.password_wrong',
    });
    expect(await findIdentity(deps(), mallory)).toBeNull();
  });

  test('who approves a link they found connects nobody: the person in chat has to confirm', async () => {
    const { linkCodeId, token } = await mint();
    const mallory = await createAccount(database.db);
    await approveLinkCode(deps(), token, mallory.id, password);
    expect(await findIdentity(deps(), ann)).toBeNull();
    await refuseLinkCode(deps(), linkCodeId);
    await expect(confirmLinkCode(deps(), linkCodeId, ann)).rejects.toMatchObject(expired);
    expect(await findIdentity(deps(), ann)).toBeNull();
  });

  test('in chat, nobody else can refuse in place of the person', async () => {
    const { linkCodeId, token } = await mint();
    await approveLinkCode(deps(), token, accountId, password);
    await refuseLinkCode(deps(), linkCodeId, { ...ann, userId: 'U-other' });
    await confirmLinkCode(deps(), linkCodeId, ann);
    expect(await findIdentity(deps(), ann)).not.toBeNull();
  });

  test.each([
    ['another user', { userId: 'U-other' }],
    ['the same id in another workspace', { workspaceId: 'T2' }],
    ['the same id on another platform', { platform: 'DISCORD' as const }],
  ])('in chat, %s, cannot confirm in place of the person', async (_, change) => {
    const { linkCodeId, token } = await mint();
    await approveLinkCode(deps(), token, accountId, password);
    await expect(confirmLinkCode(deps(), linkCodeId, { ...ann, ...change })).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'link.not_yours',
    });
    expect(await findIdentity(deps(), { ...ann, ...change })).toBeNull();
    await confirmLinkCode(deps(), linkCodeId, ann);
  });
});

describe('an identity that is connected', () => {
  test('cannot be taken over by another account until it is disconnected', async () => {
    const before = await mint();
    await approveLinkCode(deps(), before.token, accountId, password);
    await confirmLinkCode(deps(), before.linkCodeId, ann);
    const other = (await createAccount(database.db)).id;
    const { token } = await mint();
    await expect(approveLinkCode(deps(), token, other, password)).rejects.toMatchObject({
      code: 'link.taken',
    });

    const identity = await findIdentity(deps(), ann);
    await unlinkIdentity(deps(), other, identity?.id ?? '');
    expect(await findIdentity(deps(), ann)).toMatchObject({ accountId });
    await unlinkIdentity(deps(), accountId, 'nonsense');
    await unlinkIdentity(deps(), accountId, identity?.id ?? '');
    await unlinkIdentity(deps(), accountId, identity?.id ?? '');
    expect(await database.db.auditEvent.count({ where: { accountId, action: 'identity.unlinked' } })).toBe(1);

    const after = await mint();
    await approveLinkCode(deps(), after.token, other, password);
    await confirmLinkCode(deps(), after.linkCodeId, ann);
    expect(await findIdentity(deps(), ann)).toMatchObject({ accountId: other });
  });

  test('taken between approval and confirmation stays where it is', async () => {
    const { linkCodeId, token } = await mint();
    await approveLinkCode(deps(), token, accountId, password);
    const other = (await createAccount(database.db)).id;
    await database.db.chatIdentity.create({ data: { ...ann, accountId: other } });
    await expect(confirmLinkCode(deps(), linkCodeId, ann)).rejects.toMatchObject({ code: 'link.taken' });
    expect(await findIdentity(deps(), ann)).toMatchObject({ accountId: other });
  });
});

async function age(linkCodeId: string, seconds: number): Promise<void> {
  await database.db.$executeRaw`
    UPDATE link_code SET expires_at = expires_at - ${seconds} * interval '1 s' WHERE id = ${linkCodeId}::uuid`;
}

function fulfilled(results: PromiseSettledResult<unknown>[]): number {
  return results.filter(({ status }) => status === 'fulfilled').length;
}
