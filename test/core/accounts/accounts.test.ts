import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticate, checkPasswordAgain } from '../../../core/accounts/authenticate.js';
import { checkConfirmation, confirmAddress } from '../../../core/accounts/confirm-address.js';
import { registerAccount } from '../../../core/accounts/register.js';
import { checkReset, requestReset, resetPassword } from '../../../core/accounts/reset-password.js';
import { mintToken, type TokenPurpose } from '../../../core/links/tokens.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeMarks, fakePasswords, fakeRates, linkSecrets } from '../../support/fakes.js';
import { untilWaiting } from '../../support/until-waiting.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';

const password = 'violet tractor jumps';
const form = { firstName: 'Ann', lastName: 'Lee', email: 'Ann@Example.com', password };

let database: OpenTestDatabase;
let marks: ReturnType<typeof fakeMarks>;
let rates: ReturnType<typeof fakeRates>;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  await database.db.account.deleteMany();
  await database.db.delivery.deleteMany();
  marks = fakeMarks();
  rates = fakeRates();
});

const deps = () => ({
  db: database.db,
  marks,
  rates,
  log: fakeLog(),
  passwords: fakePasswords(),
  linkSecrets,
});
const accounts = () => database.db.account.findMany();
const mails = () => database.db.delivery.findMany({ orderBy: { createdAt: 'asc' } });

/** The token in the latest mail of a kind. */
async function mailedToken(purpose: TokenPurpose): Promise<string> {
  const latest = (await mails()).at(-1);
  return mintToken(linkSecrets, purpose, latest?.id ?? '');
}

async function register(changes: Partial<typeof form> = {}): Promise<void> {
  await registerAccount(deps(), { ...form, ...changes });
}

describe('registering', () => {
  test('makes an unconfirmed account, and owes the mail that confirms it', async () => {
    await register({ firstName: '  Ann\u202E<b> ', email: ' Ann@Example.com ' });
    const [account] = await accounts();
    expect(account).toMatchObject({
      firstName: 'Ann b',
      email: 'Ann@example.com',
      emailKey: 'ann@example.com',
      passwordHash: `clear:${password}`,
      confirmedAt: null,
    });
    const owed = await mails();
    expect(owed).toMatchObject([
      { kind: 'CONFIRM_ADDRESS', subjectId: account?.id, email: 'Ann@example.com' },
    ]);
    expect(marks.mails).toEqual(owed.map(({ id }) => id));
    expect(JSON.stringify(owed)).not.toContain(mintToken(linkSecrets, 'confirm-address', owed[0]?.id ?? ''));
  });

  test('names every wrong field at once', async () => {
    const wrong = { firstName: ' \u200B', lastName: 'x'.repeat(81), email: 'ann', password: 'short' };
    await expect(registerAccount(deps(), wrong)).rejects.toMatchObject({
      fields: {
        firstName: { code: 'account.name_missing' },
        lastName: { code: 'account.name_too_long' },
        email: { code: 'account.email_malformed' },
        password: { code: 'account.password_short' },
      },
    });
    expect(await accounts()).toEqual([]);
  });

  test.each([
    ['eleven characters', 'a1b2c3d4e5f', 'account.password_short'],
    ['129 characters', 'abcdefgh'.repeat(17).slice(0, 129), 'account.password_long'],
    ['a common one', 'CorrectHorseBattery', 'account.password_common'],
    ["the person's own address", 'margarethe-margarethe', 'account.password_common'],
    ["the person's own name", 'Leontine1234', 'account.password_common'],
    ["the product's name", 'passalong123', 'account.password_common'],
    ['one letter', 'aaaaaaaaaaaa', 'account.password_common'],
  ])('takes no password of %s', async (_, weak, code) => {
    const attempt = register({ firstName: 'Leontine', email: 'margarethe@x.org', password: weak });
    await expect(attempt).rejects.toMatchObject({ fields: { password: { code } } });
  });

  test.each([
    'violet tractor jumps',
    'x'.repeat(3) + 'abcdefgh'.repeat(15),
    'пароль из слов и пробелов',
    '            a1B2',
  ])('takes the password %s, without rules of composition', async (strong) => {
    await register({ password: strong });
    expect(await accounts()).toHaveLength(1);
  });

  test('with an address that has an account changes nothing, answers the same, and tells its owner', async () => {
    await createAccount(database.db, { email: 'ann@example.com' });
    await register({ firstName: 'Mallory' });
    expect(await accounts()).toMatchObject([{ firstName: 'Ann', passwordHash: 'clear:a long enough one' }]);
    expect(await mails()).toMatchObject([{ kind: 'NOTICE', topic: 'already-registered' }]);
  });

  test('replaces an unconfirmed account whole: its link is dead and its password gone', async () => {
    await register({ firstName: 'Mallory', password: 'a password of mallory' });
    const stolen = await mailedToken('confirm-address');
    await register();
    expect(await accounts()).toMatchObject([{ firstName: 'Ann', passwordHash: `clear:${password}` }]);
    await expect(checkConfirmation(deps(), stolen)).rejects.toMatchObject({ kind: 'gone' });
    await expect(confirmAddress(deps(), stolen, 'a password of mallory')).rejects.toMatchObject({
      kind: 'gone',
    });
    await confirmAddress(deps(), await mailedToken('confirm-address'), password);
  });

  test('ten times at once leaves one account', async () => {
    await Promise.all(Array.from({ length: 10 }, () => register()));
    expect(await accounts()).toHaveLength(1);
    const [account] = await accounts();
    expect(
      (await mails()).filter(({ subjectId, state }) => subjectId === account?.id && state === 'PENDING'),
    ).toHaveLength(1);
  });

  test('never takes an account that is being confirmed at this moment, and tells its owner', async () => {
    const { id } = await createAccount(database.db, { confirmed: false, email: 'ann@example.com' });
    let registering = Promise.resolve();
    await database.db.$transaction(async (tx) => {
      await tx.account.update({ where: { id }, data: { confirmedAt: new Date() } });
      registering = register({ firstName: 'Mallory' });
      await untilWaiting(database);
    });
    await registering;
    expect(await accounts()).toMatchObject([{ id, firstName: 'Ann', confirmedAt: expect.any(Date) as Date }]);
    expect(await mails()).toMatchObject([{ kind: 'NOTICE', topic: 'already-registered', subjectId: id }]);
  });
});

describe('registering an address again and again', () => {
  test('mails nobody and changes nothing once its owner had enough mails within the hour', async () => {
    await register();
    rates.usedUp.add('mail-to-address');
    await register({ firstName: 'Mallory' });
    expect(await mails()).toHaveLength(1);
    expect(await accounts()).toMatchObject([{ firstName: 'Ann' }]);
  });
});

describe('confirming an address', () => {
  test('takes the password chosen at registration, once', async () => {
    await register();
    const token = await mailedToken('confirm-address');
    await checkConfirmation(deps(), token);
    await expect(confirmAddress(deps(), token, 'another password')).rejects.toMatchObject({
      code: 'account.password_wrong',
    });
    expect(await accounts()).toMatchObject([{ confirmedAt: null }]);
    await confirmAddress(deps(), token, password);
    expect(await accounts()).toMatchObject([{ confirmedAt: expect.any(Date) as Date }]);
    await expect(confirmAddress(deps(), token, password)).rejects.toMatchObject({
      kind: 'gone',
      code: 'account.token_dead',
    });
  });

  test('five times at once works once', async () => {
    await register();
    const token = await mailedToken('confirm-address');
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => confirmAddress(deps(), token, password)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('works for 24 hours', async () => {
    await register();
    const token = await mailedToken('confirm-address');
    await database.db.$executeRaw`UPDATE delivery SET created_at = now() - interval '23 hours 59 minutes'`;
    await checkConfirmation(deps(), token);
    await database.db.$executeRaw`UPDATE delivery SET created_at = now() - interval '24 hours 1 minute'`;
    await expect(checkConfirmation(deps(), token)).rejects.toMatchObject({ kind: 'gone' });
  });

  test('needs the token of that purpose, and counts wrong passwords', async () => {
    await register();
    await expect(checkConfirmation(deps(), await mailedToken('reset-password'))).rejects.toMatchObject({
      kind: 'gone',
    });
    await expect(checkConfirmation(deps(), 'x')).rejects.toMatchObject({ kind: 'gone' });
    rates.usedUp.add('password-again');
    const token = await mailedToken('confirm-address');
    await expect(confirmAddress(deps(), token, password)).rejects.toMatchObject({ kind: 'limit' });
  });
});

describe('resetting a password', () => {
  test('mails a link that works once, and ends every session', async () => {
    const account = await createAccount(database.db, { email: 'ann@example.com' });
    const session = (sid: string, accountId: string) =>
      database.db.session.create({
        data: { sid, sess: { accountId }, expire: new Date(Date.now() + 60_000) },
      });
    await session('own', account.id);
    await session('foreign', 'somebody else');
    await requestReset(deps(), ' ANN@example.com ');
    const token = await mailedToken('reset-password');
    expect(await checkReset(deps(), token)).toMatchObject({ accountId: account.id });
    await resetPassword(deps(), token, password);
    expect(await accounts()).toMatchObject([{ passwordHash: `clear:${password}` }]);
    expect((await database.db.session.findMany()).map(({ sid }) => sid)).toEqual(['foreign']);
    await expect(resetPassword(deps(), token, 'yet another password')).rejects.toMatchObject({
      kind: 'gone',
    });
    expect(
      await database.db.auditEvent.count({
        where: { accountId: account.id, action: 'account.password_reset' },
      }),
    ).toBe(1);
  });

  test('takes every other link of the account with it', async () => {
    await createAccount(database.db, { email: 'ann@example.com' });
    await requestReset(deps(), 'ann@example.com');
    const first = await mailedToken('reset-password');
    await requestReset(deps(), 'ann@example.com');
    await resetPassword(deps(), await mailedToken('reset-password'), password);
    await expect(checkReset(deps(), first)).rejects.toMatchObject({ kind: 'gone' });
  });

  test('works for 30 minutes', async () => {
    await createAccount(database.db, { email: 'ann@example.com' });
    await requestReset(deps(), 'ann@example.com');
    await database.db.$executeRaw`UPDATE delivery SET created_at = now() - interval '31 minutes'`;
    await expect(checkReset(deps(), await mailedToken('reset-password'))).rejects.toMatchObject({
      kind: 'gone',
    });
  });

  test('takes no weak password, and then still works', async () => {
    await createAccount(database.db, { email: 'ann@example.com' });
    await requestReset(deps(), 'ann@example.com');
    const token = await mailedToken('reset-password');
    const weak = resetPassword(deps(), token, 'short');
    await expect(weak).rejects.toMatchObject({ fields: { password: { code: 'account.password_short' } } });
    await resetPassword(deps(), token, password);
  });

  test('of an address without an account says nothing and mails nobody', async () => {
    for (const email of ['eve@example.com', 'nonsense', 'a\0@x.org', '']) await requestReset(deps(), email);
    expect(await mails()).toEqual([]);
  });

  test('of an unconfirmed account mails the confirmation again', async () => {
    await createAccount(database.db, { email: 'ann@example.com', confirmed: false });
    await requestReset(deps(), 'ann@example.com');
    expect(await mails()).toMatchObject([{ kind: 'CONFIRM_ADDRESS' }]);
  });
});

describe('signing in', () => {
  const signIn = (email: string, tried: string) => authenticate(deps(), email, tried, '192.0.2.1');

  test('takes the address in any case and the right password', async () => {
    const account = await createAccount(database.db, { email: 'ann@example.com' });
    expect((await signIn(' ANN@Example.COM ', 'a long enough one')).id).toBe(account.id);
    expect(await audit(account.id)).toEqual(['session.started']);
  });

  test('takes an internationalised address as it was registered', async () => {
    await register({ email: 'ann@bücher.example' });
    expect((await signIn('ann@bücher.example', password)).email).toBe('ann@xn--bcher-kva.example');
  });

  test('says the same of an unknown address, a malformed one and a wrong password, and hashes each time', async () => {
    const account = await createAccount(database.db, { email: 'ann@example.com' });
    const hashed: (string | null)[] = [];
    const counting = {
      ...deps(),
      passwords: {
        ...fakePasswords(),
        verify: async (stored: string | null) => {
          hashed.push(stored);
          return false;
        },
      },
    };
    const refusals = await Promise.allSettled(
      ['ann@example.com', 'eve@example.com', 'nonsense', 'a\0@x.org'].map((email) =>
        authenticate(counting, email, 'x', '::1'),
      ),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ reason: { kind: 'unauthenticated', code: 'account.sign_in_failed' } });
    }
    expect(hashed.filter((stored) => stored === null)).toHaveLength(3);
    expect(hashed).toHaveLength(4);
    expect(await audit(account.id)).toEqual(['session.refused']);
  });

  test('counts tries by address and by account, and forgets the account’s after a right one', async () => {
    await createAccount(database.db, { email: 'ann@example.com' });
    await signIn('Ann@example.com', 'wrong').catch(() => undefined);
    expect([...rates.counts.keys()]).toEqual([
      'sign-in-address 192.0.2.1',
      'sign-in-account-here ann@example.com 192.0.2.1',
      'sign-in-account ann@example.com',
    ]);
    await signIn('ann@example.com', 'a long enough one');
    expect([...rates.counts.keys()]).toEqual(['sign-in-address 192.0.2.1']);
  });

  test.each(['sign-in-address', 'sign-in-account-here', 'sign-in-account'])(
    'is refused without a hash once %s is used up',
    async (rule) => {
      rates.usedUp.add(rule);
      await expect(signIn('ann@example.com', 'a long enough one')).rejects.toMatchObject({ kind: 'limit' });
    },
  );

  test('asks for the password again, with a limit of its own', async () => {
    const account = await createAccount(database.db);
    await checkPasswordAgain(deps(), account.id, 'a long enough one');
    expect(rates.counts.size).toBe(0);
    await expect(checkPasswordAgain(deps(), account.id, 'x')).rejects.toMatchObject({
      code: 'account.password_wrong',
    });
    rates.usedUp.add('password-again');
    await expect(checkPasswordAgain(deps(), account.id, 'a long enough one')).rejects.toMatchObject({
      kind: 'limit',
    });
  });
});

async function audit(accountId: string): Promise<string[]> {
  return (await database.db.auditEvent.findMany({ where: { accountId } })).map(({ action }) => action);
}
