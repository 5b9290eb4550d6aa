import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { approveLinkCode } from '../../core/identities/link-codes.js';
import { startDownload } from '../../core/links/open-link.js';
import { mintToken, readToken } from '../../core/links/tokens.js';
import { NOTICE_CHANNEL, oweMailNews, oweNews, oweNotice } from '../../core/notices.js';
import type { Account } from '../../prisma/generated/client.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import { createAccount } from '../support/accounts.js';
import { fakePasswords, fakeRates, fakeSigner, limits, linkSecrets } from '../support/fakes.js';
import { storeShare } from '../support/shares.js';
import { CHAT_DOORS, openChatDoor, type ChatDoor } from './chat-doors.js';

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const PLAN = { 'plan.txt': 'some bytes' };

/** What is the same in every chat app, done by Ada there: with the real Bolt by both doors, and the real discord.js. */
describe.each(CHAT_DOORS)('%s', (name) => {
  let door: ChatDoor;
  let account: Account;

  beforeAll(async () => {
    door = await openChatDoor(name);
  });
  afterAll(() => door.stop());
  beforeEach(async () => {
    for (const table of ['chatIdentity', 'shareDraft', 'chatNotice'] as const)
      await (door.db[table] as { deleteMany: () => Promise<unknown> }).deleteMany();
    account = await door.connect();
  });
  // Also after a test that failed in between.
  afterEach(() => {
    door.setDown(false);
    door.queue.isDown = false;
    Object.assign(door.limits, limits);
  });

  const ada = () => door.ada;
  const own = () => ({ accountId: account.id });
  const latest = () =>
    door.db.share.findFirstOrThrow({
      where: own(),
      orderBy: { createdAt: 'desc' },
      include: { recipients: true, attachments: { orderBy: { position: 'asc' } } },
    });

  /** What became of the mail to each address. */
  async function deliver(shareId: string, states: Record<string, DeliveryState>): Promise<void> {
    for (const [email, state] of Object.entries(states))
      await door.db.delivery.updateMany({ where: { shareId, email }, data: { state } });
    await oweNotice(door.db, 'SHARE', shareId);
  }

  /** A share that Ada has sent, and whose mails have left. */
  async function send(emails = 'bob@example.com, eve@example.com', name = 'plan.txt') {
    await changeChatSettings(door.deps, account.id, { confirmsShares: false, undoSeconds: 0 });
    const answer = await ada().share({ [name]: 'some bytes' }, emails);
    await answer.says(`Saved: ${name}`);
    const share = await latest();
    await storeShare(door.db, share.id);
    await deliver(share.id, Object.fromEntries(share.recipients.map(({ email }) => [email, 'SENT'])));
    await answer.says(`Sent ${name} (10 bytes)`);
    return share;
  }

  test('who has no account asks for help, shares, connects, and goes on with what was waiting (B13, B14, M16)', async () => {
    await door.db.chatIdentity.deleteMany();
    await ada().command('help').says('Share files by e-mail, and stay in control of them');
    const answer = await ada().share(PLAN, 'bob@example.com');
    await answer.says("I'll keep this share ready for 30 minutes");
    const steps = await (await answer.press('Connect account')).says('[Open the portal]');
    const token = /\/connect\/([\w.-]+)/.exec(steps)?.[1] ?? '';
    const portal = { ...door.deps, passwords: fakePasswords(), rates: fakeRates() };
    const other = await createAccount(door.db);
    await approveLinkCode(portal, token, other.id, 'a long enough one');
    await answer.says(`Connect to the account of Ann Lee (${other.email})?`);
    await (await answer.press('Connect')).says('Send 1 file to 1 person?');
    await (await answer.press('Send')).says('Saved: plan.txt');
    expect(await door.db.share.count({ where: { accountId: other.id } })).toBe(1);

    await ada().command('connect').says('connected already');
    const settings = ada().command('settings');
    await settings.says('I tell you when somebody downloads.');
    await (await settings.press('Send without asking')).says('A share is sent as soon as it is typed.');
    await ada().command('disconnect').says('Disconnected.');
    expect(await door.db.chatIdentity.count()).toBe(0);
  });

  test('what is typed wrong is said, all of it at once, and mended in a form that keeps it (B4, M2, M3, M4, M4b)', async () => {
    await ada().write('', PLAN);
    await ada().told('Who should get it? Add 1 to 5 email addresses, for example /share');
    for (const [emails, words] of [
      ['a@x.co b@x.co c@x.co d@x.co e@x.co f@x.co', 'You added 6 addresses; one share can go to 5.'],
      ['bob@example.com @grace', "I can't look up @grace's email. Type the address instead."],
      ['bob@ carol', "These don't look like email addresses: bob@, carol. Nothing was sent."],
    ] as const) {
      await (await ada().share(PLAN, emails)).says(words);
    }
    expect(await door.db.share.count({ where: own() })).toBe(0);

    const wrong = await ada().share(PLAN, 'bob@ carol');
    const fixing = await wrong.press('Fix addresses');
    expect(await fixing.form()).toMatch(/plan\.txt.*bob@ carol/);
    await (await fixing.fill({ emails: 'bob@example.com' })).says('Saved: plan.txt');
  });

  test('a card names all of it; Send pressed twice is one share, told in one answer up to what became of each mail, and revoked (B3, B5, B6, B7, B8, M5, M18)', async () => {
    const files = { ...PLAN, 'map.txt': 'more bytes' };
    const answer = await ada().share(files, 'bob@example.com BOB@example.com eve@example.com');
    const card = await answer.says('Send 2 files to 2 people?');
    expect(card).toMatch(/plan\.txt \(10 bytes\)/);
    expect(card).toMatch(/map\.txt \(10 bytes\)/);
    expect(card).toContain('To: bob@example.com, eve@example.com');
    expect(card).toContain('Sent once to BOB@example.com (listed twice).');
    expect(await door.db.share.count({ where: own() })).toBe(0);

    const presses = await Promise.all([answer.press('Send'), answer.press('Send')]);
    await answer.says('Saved: ');
    await expect.poll(() => presses.every((press) => press.isAcknowledged())).toBe(true);
    const share = await latest();
    expect(share.attachments.map(({ name }) => name).toSorted()).toEqual(['map.txt', 'plan.txt']);
    expect([await door.db.share.count({ where: own() }), await door.db.chatNotice.count()]).toEqual([1, 1]);

    const { id: shareId } = share;
    await door.db.attachment.updateMany({ where: { shareId, position: 0 }, data: { state: 'STORED' } });
    await door.db.share.update({ where: { id: shareId }, data: { state: 'STORING' } });
    await oweNotice(door.db, 'SHARE', shareId);
    await answer.says('▰▰▰▰▰▱▱▱▱▱ 1/2');
    await storeShare(door.db, shareId);
    await oweNotice(door.db, 'SHARE', shareId);
    await answer.says('to 2 people …');
    await deliver(shareId, { 'bob@example.com': 'DELIVERED', 'eve@example.com': 'SENT' });
    const sent = await answer.says('(20 bytes) to 2 people. Link expires');
    expect(sent).toMatch(/bob@example\.com — delivered\n.*eve@example\.com — sent/);

    await (await answer.press('Details')).says('The links live until');
    await (await answer.press('Revoke')).says('The links no longer work.');
    expect(await latest()).toMatchObject({ state: 'REVOKED' });
  });

  test('a share is undone while its mails wait (B8)', async () => {
    await changeChatSettings(door.deps, account.id, { confirmsShares: false, undoSeconds: 60 });
    const answer = await ada().share(PLAN, 'bob@example.com');
    await answer.says('Saved: plan.txt');
    const { id: shareId } = await latest();
    await storeShare(door.db, shareId);
    await oweNotice(door.db, 'SHARE', shareId);
    await answer.says('Sending plan.txt to 1 person in');
    await (await answer.press('Undo')).says('Undone: plan.txt. Nothing was sent.');
    expect(await door.db.delivery.findMany({ where: { shareId } })).toMatchObject([{ state: 'CANCELLED' }]);
  });

  test('downloads are told once, until somebody wants no more of it (B9)', async () => {
    const share = await send();
    const fetchFile = async ({ recipients, attachments }: typeof share, email: string): Promise<void> => {
      const recipientId = recipients.find((one) => one.email === email)?.id ?? '';
      const deps = { ...door.deps, signer: fakeSigner() };
      await startDownload(deps, mintToken(linkSecrets, 'link', recipientId), attachments[0]?.id ?? '');
    };
    const owedDownloads = async () => {
      const notices = await door.db.chatNotice.findMany({ where: { kind: 'DOWNLOADS' } });
      return notices.map(({ owed, sent }) => [owed, sent]);
    };
    await fetchFile(share, 'bob@example.com');
    await hasten('DOWNLOADS');
    const told = await ada().told('bob@example.com downloaded plan.txt.');
    await (await told.press('Details')).says('bob@example.com — downloaded once');
    await fetchFile(share, 'bob@example.com');
    await expect.poll(owedDownloads).toEqual([[1, 1]]);
    await fetchFile(share, 'eve@example.com');
    await hasten('DOWNLOADS');
    const again = await ada().told('eve@example.com downloaded plan.txt.');
    await (await again.press('No more of these')).says('I do not tell you of downloads.');
    await fetchFile(await send('joe@example.com'), 'joe@example.com');
    await expect.poll(owedDownloads).toEqual([[2, 2]]);
  });

  /** News that gather for some time are due now. */
  async function hasten(kind: 'DOWNLOADS' | 'EXPIRY'): Promise<void> {
    await door.db.chatNotice.updateMany({ where: { kind }, data: { nextAt: new Date(0), leaseUntil: null } });
    await door.pool.query('SELECT pg_notify($1, $2)', [NOTICE_CHANNEL, '']);
  }

  test('a mail that came back is told, its link is copied, and another address gets the share (B10, M19)', async () => {
    const share = await send();
    const [bob] = await door.db.delivery.findMany({ where: { shareId: share.id, email: 'bob@example.com' } });
    await door.db.delivery.update({ where: { id: bob!.id }, data: { state: 'BOUNCED' } });
    await oweMailNews(door.pool, share.id, bob!.id);
    const told = await ada().told('bob@example.com bounced: the mail came back. The other mail arrived');
    const copied = await (await told.press('Copy link: bob@example.com')).says('https://');
    const [, token = ''] = /\/l\/([\w.~-]+)/.exec(copied) ?? [];
    expect(readToken(linkSecrets, 'link', token)).toBe(bob!.subjectId);
    await (await told.press('Back')).says('bob@example.com — bounced');

    const changing = await told.press('Change address');
    const changed = await changing.fill({ address: 'rob@example.com' });
    await changed.says('Sent to rob@example.com instead, with a link of their own.');
    const reached = (await latest()).recipients.filter(({ revokedAt }) => revokedAt === null);
    expect(reached.map(({ email }) => email).toSorted()).toEqual(['eve@example.com', 'rob@example.com']);
  });

  test('the end of a share is told in time to extend it (B11)', async () => {
    const share = await send();
    await oweNews(door.db, { kind: 'EXPIRY', shareId: share.id, subjectId: share.id, delaySeconds: 0 });
    const told = await ada().told('plan.txt: the links end on');
    await told.says('Nothing was downloaded yet by bob@example.com, eve@example.com (2 of 2)');
    await (await told.press('Extend 7 days')).says('The links live until');
    const { expiresAt } = await latest();
    expect(expiresAt.getTime() - share.expiresAt.getTime()).toBe(WEEK_MS);
  });

  test('history leads to each share, with all that can be done about it, in the language of the account (B12, B15)', async () => {
    const share = await send();
    await door.db.delivery.updateMany({
      where: { shareId: share.id, email: 'bob@example.com' },
      data: { state: 'FAILED', stateAt: new Date() },
    });
    const list = ada().command('history');
    await list.says('1. plan.txt → bob@example.com, eve@example.com');
    const card = await (await list.press('Show 1')).says('bob@example.com — refused by the mail service');
    for (const label of ['Copy link: eve@example.com', 'Change address', 'Revoke', 'Your shares'])
      expect(card).toContain(`[${label}]`);
    await list.press('Send again: bob@example.com');
    await list.says('bob@example.com — waiting');
    await list.press('Extend 7 days');
    await expect.poll(async () => +(await latest()).expiresAt - +share.expiresAt).toBe(WEEK_MS);
    await (await list.press('Copy link: eve@example.com')).says('This is the link of eve@example.com');
    await (await list.press('Back')).says('[Revoke]');
    await (await list.press('Revoke')).says('Revoked: plan.txt. The links no longer work.');

    await changeChatSettings(door.deps, account.id, { language: 'de' });
    await ada().command('history').says('zurückgezogen');
  });

  test('what is too large, empty, blocked or too often is refused, and why (B20, M11, M11b, M15, M21)', async () => {
    await (await ada().share({ 'void.txt': '' }, 'bob@example.com')).says('void.txt is empty (0 bytes).');
    door.limits.maxFileBytes = 5;
    await (await ada().share(PLAN, 'bob@example.com')).says('plan.txt is 10 bytes; the limit is 5 bytes.');
    Object.assign(door.limits, { ...limits, blockedFileTypes: ['txt'] });
    await (await ada().share(PLAN, 'bob@example.com')).says('files that end in .txt are not allowed here.');
    Object.assign(door.limits, { ...limits, maxSharesPerHour: 1 });
    await send();
    await (await ada().share(PLAN, 'eve@example.com')).says("You've reached 1 share this hour. Try again at");
    expect(await door.db.share.count({ where: own() })).toBe(1);
  });

  test('while the queue is lost a share is saved and waits, and news wait for an app that does not answer (B18, M13)', async () => {
    door.queue.isDown = true;
    const share = await send('bob@example.com', 'patient.txt');
    door.queue.isDown = false;
    door.setDown(true);
    await oweNews(door.db, { kind: 'EXPIRY', shareId: share.id, subjectId: share.id, delaySeconds: 0 });
    const ofEnd = { where: { kind: 'EXPIRY', attempts: { gt: 0 }, leaseUntil: null } } as const;
    await expect.poll(() => door.db.chatNotice.count(ofEnd)).toBe(1);
    door.setDown(false);
    await hasten('EXPIRY');
    await ada().told('patient.txt: the links end on');
  });

  test('is acknowledged while the database does not answer, and answered when it does (B1)', async () => {
    const locker = await door.pool.connect();
    await locker.query('BEGIN; LOCK TABLE chat_identity, seen_request IN ACCESS EXCLUSIVE MODE');
    const answer = ada().command('history');
    try {
      await expect.poll(() => answer.isAcknowledged()).toBe(true);
    } finally {
      // Closed, it lets go of the tables.
      locker.release(true);
    }
    await answer.says('You have shared nothing yet.');
  });

  test('what nobody expected has a reference that the log has too, and nothing personal is in either (B16, M20)', async () => {
    const rename = (from: string, to: string) => door.pool.query(`ALTER TABLE ${from} RENAME TO ${to}`);
    await rename('share_draft', 'draft_away');
    const answer = await ada().share(PLAN, 'bob@example.com');
    const said = await answer
      .says('Something went wrong on our side, and nothing was sent.')
      .finally(() => rename('draft_away', 'share_draft'));
    const [, reference = ''] = /Reference (\w+)/.exec(said) ?? [];
    const lines = door.log.lines.map(({ fields, message }) => [message, withErrors(fields)]);
    expect(lines).toContainEqual(['command failed', expect.objectContaining({ reference }) as object]);
    expect(JSON.stringify(lines).replace(/[0-9a-f-]{36}/g, '')).not.toMatch(
      /plan\.txt|map\.txt|bob@|eve@|@ada|xox|xapp|local-token|\/responses\/|\/l\//,
    );
    expect(door.seenByGrace()).toEqual([]);
  });
});

/** Errors as texts, with all that they tell. */
function withErrors(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Error ? `${value.message} ${value.stack ?? ''}` : value,
  ]);
  return Object.fromEntries(entries) as object;
}
