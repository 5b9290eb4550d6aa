import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { speak, type Answer, type Button, type SpokenAnswer } from '../../../bot/chat.js';
import { isPlatformAction, pressButton } from '../../../bot/commands/press-button.js';
import { progress } from '../../../bot/commands/progress.js';
import { runCommand } from '../../../bot/commands/run-command.js';
import { cancelDraft, sendDraft, share } from '../../../bot/commands/share.js';
import { changeChatSettings } from '../../../core/accounts/chat-settings.js';
import { readToken } from '../../../core/links/tokens.js';
import { getShare } from '../../../core/shares/list-shares.js';
import type { Account } from '../../../prisma/generated/client.js';
import { createAccount } from '../../support/accounts.js';
import { linkSecrets } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare, slackFile } from '../../support/shares.js';
import { testDeps, type TestDeps } from '../discord-rig.js';

let database: OpenTestDatabase;
let deps: TestDeps;
let account: Account;
let person: {
  platform: 'SLACK';
  workspaceId: string;
  userId: string;
  userName: string;
  workspaceName: string;
};

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  deps = testDeps(database);
  account = await createAccount(database.db);
  const userId = crypto.randomUUID();
  person = { platform: 'SLACK', workspaceId: 'T1', userId, userName: '@ann', workspaceName: 'Acme' };
  await database.db.chatIdentity.create({ data: { accountId: account.id, ...person } });
});

const reply = () => {
  const { platform, workspaceId, userId } = person;
  const handle = {
    teamId: 'T1',
    replyHandle: 'handle',
    replyUntil: new Date(Date.now() + 60_000),
    repliesLeft: 5,
  };
  return { platform, workspaceId, userId, language: 'en', ...handle } as const;
};
const said = (answer: Answer | null): SpokenAnswer => speak(answer!, 'en');
const type = async (command: Parameters<typeof runCommand>[2]): Promise<SpokenAnswer> =>
  said(await runCommand(deps, person, command, reply(), 'chat.help'));
const press = async (button: Button<string> | undefined): Promise<SpokenAnswer> => {
  if (!button || isPlatformAction(button.action)) throw new Error('no such button');
  return said(await pressButton(deps, person, { action: button.action, id: button.id ?? '' }, reply()));
};
const button = ({ buttons }: SpokenAnswer, label: string) =>
  buttons.find((one) => one.label.startsWith(label));

describe('history (B12)', () => {
  test('is five on a page, newest first, with a way to older and newer ones', async () => {
    for (let index = 1; index <= 7; index += 1) {
      await readyShare(database.db, account.id, { files: [slackFile(`${index}.txt`, 5)] });
    }
    const first = await type('history');
    expect(first.lines).toHaveLength(5);
    expect(first.lines[0]).toMatch(/^1\. 7\.txt → bob@example\.com — .*, live$/);
    const older = await press(button(first, 'Older'));
    expect(older.lines.map((line) => line.slice(0, 8))).toEqual(['6. 2.txt', '7. 1.txt']);
    expect((await press(button(older, 'Newer'))).lines).toEqual(first.lines);
    expect(button(older, 'Older')).toBeUndefined();
  });

  test.each(['-3', '0', '1e9', 'x', '9999999'])('a page called %s is the first one', async (id) => {
    await readyShare(database.db, account.id);
    const answer = said(await pressButton(deps, person, { action: 'history', id }, reply()));
    expect(answer.lines).toHaveLength(1);
  });

  test('shows nothing of others, and nothing to somebody who is not connected', async () => {
    const shareId = await readyShare(database.db, (await createAccount(database.db)).id);
    expect((await type('history')).lines).toEqual(['You have shared nothing yet.']);
    const foreign = pressButton(deps, person, { action: 'show', id: shareId }, reply());
    await expect(foreign).rejects.toMatchObject({ code: 'share.not_found' });
    const revoking = pressButton(deps, person, { action: 'revoke', id: shareId }, reply());
    await expect(revoking).rejects.toMatchObject({ code: 'share.not_found' });
    await database.db.chatIdentity.deleteMany({ where: { accountId: account.id } });
    expect((await type('history')).lines).toEqual([
      'Connect your Passalong account first. It takes a minute.',
    ]);
  });
});

describe('one share', () => {
  const show = async (shareId: string) =>
    said(await pressButton(deps, person, { action: 'show', id: shareId }, reply()));

  test('copies a link that opens it, for that recipient alone', async () => {
    const shareId = await readyShare(database.db, account.id, { emails: ['a@x.org', 'b@x.org'] });
    const link = await press(button(await show(shareId), 'Copy link: b@x.org'));
    const url = link.lines.find((line) => line.startsWith('https://'))!;
    const recipientId = readToken(linkSecrets, 'link', new URL(url).pathname.split('/')[2]!);
    const recipient = await database.db.recipient.findUniqueOrThrow({ where: { id: recipientId! } });
    expect(recipient).toMatchObject({ shareId, email: 'b@x.org' });
    expect((await press(button(link, 'Back'))).title).toBe('plan.pdf');
  });

  test("does not copy a stranger's link, nor one that was withdrawn", async () => {
    const foreignId = await readyShare(database.db, (await createAccount(database.db)).id);
    const ownId = await readyShare(database.db, account.id);
    await database.db.recipient.updateMany({ where: { shareId: ownId }, data: { revokedAt: new Date() } });
    for (const [shareId, code] of [
      [foreignId, 'share.not_found'],
      [ownId, 'share.ended'],
    ] as const) {
      const { id } = await database.db.recipient.findFirstOrThrow({ where: { shareId } });
      const pressed = pressButton(deps, person, { action: 'link', id: `${shareId}.${id}` }, reply());
      await expect(pressed).rejects.toMatchObject({ code });
    }
  });

  test('is extended, once for each look at it', async () => {
    const shareId = await readyShare(database.db, account.id);
    const before = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    const extend = button(await show(shareId), 'Extend 7 days');
    await press(extend);
    await press(extend);
    const after = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    expect(after.expiresAt.getTime() - before.expiresAt.getTime()).toBe(7 * 24 * 60 * 60 * 1000);
  });

  test.each([
    ['FAILED', null, true],
    ['UNCONFIRMED', null, false],
    ['BOUNCED', 'bounce Transient MailboxFull', true],
    ['BOUNCED', 'hard-bounce Permanent General', false],
    ['SUPPRESSED', null, false],
  ] as const)('offers Send again for %s (%s): %s', async (state, errorCode, isOffered) => {
    const shareId = await readyShare(database.db, account.id);
    await database.db.delivery.updateMany({
      where: { shareId },
      data: { state, errorCode, stateAt: new Date() },
    });
    const again = button(await show(shareId), 'Send again: bob@example.com');
    expect(again !== undefined).toBe(isOffered);
    if (!again) return;
    await press(again);
    const deliveries = await database.db.delivery.findMany({
      where: { shareId },
      orderBy: { attempt: 'asc' },
    });
    expect(deliveries.map((delivery) => delivery.state)).toEqual([state, 'PENDING']);
    expect(deps.queue.jobs.at(-1)?.name ?? deps.marks.shares.at(-1)).toBeTruthy();
  });

  test.each([
    ['PENDING', 'Undo', 'Undone: plan.pdf. Nothing was sent.'],
    ['SENT', 'Revoke', 'Revoked: plan.pdf. The links no longer work.'],
  ] as const)('whose mail is %s offers %s (B8)', async (state, label, words) => {
    const shareId = await readyShare(database.db, account.id);
    await database.db.delivery.updateMany({ where: { shareId }, data: { state } });
    const answer = await press(button(await show(shareId), label));
    expect(answer.lines).toEqual([words]);
  });
});

test('revoke lists what lives, each with a press', async () => {
  expect((await type('revoke')).lines).toEqual([
    'None of your shares is live, so there is nothing to revoke.',
  ]);
  const shareId = await readyShare(database.db, account.id);
  const list = await type('revoke');
  await press(button(list, 'Revoke 1'));
  const revoked = await database.db.share.findUniqueOrThrow({ where: { id: shareId } });
  expect(revoked.state).toBe('REVOKED');
});

describe('settings', () => {
  test('each press changes one, and the undo time goes round', async () => {
    let card = await type('settings');
    expect(card.lines[1]).toContain('mails wait 10 seconds');
    for (const words of ['mails wait 60 seconds', 'mails leave at once', 'mails wait 10 seconds']) {
      card = await press(button(card, words.includes('once') ? 'No undo time' : 'Undo time'));
      expect(card.lines[1]).toContain(words);
    }
    card = await press(button(card, 'Send without asking'));
    expect(card.lines[0]).toBe('A share is sent as soon as it is typed.');
    for (const language of ['en', 'de', null]) {
      card = await press(card.buttons.find(({ id }) => id?.startsWith('language.')));
      const { language: kept } = await database.db.account.findUniqueOrThrow({ where: { id: account.id } });
      expect(kept).toBe(language);
    }
  });

  test.each(['undo.86400', 'nonsense', '', '__proto__.on'])('%s changes nothing', async (id) => {
    const before = await database.db.account.findUniqueOrThrow({ where: { id: account.id } });
    await pressButton(deps, person, { action: 'set', id }, reply());
    expect(await database.db.account.findUniqueOrThrow({ where: { id: account.id } })).toEqual(before);
  });

  test('disconnecting forgets the identity, and keeps what was shared', async () => {
    await readyShare(database.db, account.id);
    const answer = await press(button(await type('settings'), 'Disconnect'));
    expect(answer.lines[0]).toContain('Disconnected.');
    expect(await database.db.chatIdentity.count({ where: { accountId: account.id } })).toBe(0);
    expect(await database.db.share.count({ where: { accountId: account.id, state: 'READY' } })).toBe(1);
  });
});

describe('how much is shown before it is sent', () => {
  const wish = (review: 'done' | 'typed' | 'picked') =>
    share(deps, {
      ...{ person, entrance: 'SLACK', places: [], review, reply: reply() },
      requestKey: `slack:${crypto.randomUUID()}`,
      emailsText: 'bob@example.com, BOB@example.com',
      files: [slackFile('plan.pdf', 5)],
    });
  const undoSeconds = async () => {
    const { mailAfter, createdAt } = await database.db.share.findFirstOrThrow({
      where: { accountId: account.id },
    });
    return (mailAfter.getTime() - createdAt.getTime()) / 1000;
  };

  test.each(['typed', 'picked'] as const)(
    'what was %s is, once, with what was listed twice (M5)',
    async (review) => {
      const card = said(await wish(review));
      expect(card.lines).toContain('Sent once to BOB@example.com (listed twice).');
      expect(await sendDraft(deps, person, button(card, 'Send')?.id ?? '', reply())).toBeNull();
      expect(await undoSeconds()).toBe(0);
    },
  );

  test.each([
    ['done', true, 60, 60],
    ['typed', false, 0, 0],
    ['picked', false, 0, 10],
  ] as const)('%s, asked first: %s, undo time %d s: mails wait %d s', async (review, asks, chosen, waits) => {
    await changeChatSettings(deps, account.id, { confirmsShares: asks, undoSeconds: chosen });
    expect(await wish(review)).toBeNull();
    expect(await undoSeconds()).toBe(waits);
  });
});

describe('a draft', () => {
  const draftOf = async () => {
    await share(deps, {
      ...{ person, entrance: 'SLACK', places: [], review: 'typed', reply: reply() },
      requestKey: 'slack:1.1',
      emailsText: 'bob@example.com',
      files: [slackFile('plan.pdf', 5)],
    });
    return (await database.db.shareDraft.findFirstOrThrow({ where: { userId: person.userId } })).id;
  };

  test('that was cancelled cannot be sent, and one that was sent cannot be cancelled', async () => {
    const cancelled = await draftOf();
    await cancelDraft(deps, person, cancelled);
    await expect(sendDraft(deps, person, cancelled, reply())).rejects.toMatchObject({
      code: 'share.draft_gone',
    });
    const sent = await draftOf();
    await sendDraft(deps, person, sent, reply());
    expect(await cancelDraft(deps, person, sent)).toBeNull();
    expect(await database.db.share.count({ where: { accountId: account.id } })).toBe(1);
  });

  test('cancelled and sent at once is either, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const draftId = await draftOf();
      const [cancelled, sent] = await Promise.allSettled([
        cancelDraft(deps, person, draftId),
        sendDraft(deps, person, draftId, reply()),
      ]);
      const isCancelled = cancelled.status === 'fulfilled' && cancelled.value !== null;
      expect(isCancelled).toBe(sent.status === 'rejected');
      await database.db.shareDraft.deleteMany({ where: { userId: person.userId } });
    }
  });

  test('that could not be sent waits again', async () => {
    const draftId = await draftOf();
    await database.db.account.update({ where: { id: account.id }, data: { pausedAt: new Date() } });
    await expect(sendDraft(deps, person, draftId, reply())).rejects.toMatchObject({ code: 'account.paused' });
    await database.db.account.update({ where: { id: account.id }, data: { pausedAt: null } });
    expect(await sendDraft(deps, person, draftId, reply())).toBeNull();
  });

  test('of two that were kept before connecting, each goes on from its own button', async () => {
    await database.db.chatIdentity.deleteMany({ where: { accountId: account.id } });
    const first = said(
      await share(deps, {
        ...{ person, entrance: 'SLACK', places: [], review: 'typed', reply: reply() },
        requestKey: 'slack:1.1',
        emailsText: 'first@example.com',
        files: [slackFile('first.pdf', 5)],
      }),
    );
    await share(deps, {
      ...{ person, entrance: 'SLACK', places: [], review: 'typed', reply: reply() },
      requestKey: 'slack:1.2',
      emailsText: 'second@example.com',
      files: [slackFile('second.pdf', 5)],
    });
    await database.db.chatIdentity.create({ data: { accountId: account.id, ...person } });
    expect((await press(button(first, 'Connect account'))).lines[0]).toContain('first.pdf');
  });
});

test('says Sent only for those to whom a mail has left (M18)', async () => {
  const shareId = await readyShare(database.db, account.id, { emails: ['a@x.org', 'b@x.org'] });
  const titleWith = async (...states: ('DELIVERED' | 'FAILED')[]) => {
    const deliveries = await database.db.delivery.findMany({ where: { shareId } });
    for (const [index, { id }] of deliveries.entries()) {
      await database.db.delivery.update({ where: { id }, data: { state: states[index]! } });
    }
    return speak(progress(await getShare(database.db, account.id, shareId)), 'en').title;
  };
  expect(await titleWith('DELIVERED', 'DELIVERED')).toMatch(/^Sent plan\.pdf \(5 bytes\) to 2 people/);
  expect(await titleWith('DELIVERED', 'FAILED')).toMatch(/^Sent plan\.pdf \(5 bytes\) to 1 of 2 people/);
  expect(await titleWith('FAILED', 'FAILED')).toBe('plan.pdf reached nobody.');
});

test('copying is told with a bar (B7)', async () => {
  const shareId = await acceptShare(database.db, account.id, {
    files: [slackFile('a.txt', 5), slackFile('b.txt', 5, 'F2')],
  });
  await database.db.share.update({ where: { id: shareId }, data: { state: 'STORING' } });
  await database.db.attachment.updateMany({ where: { shareId, position: 0 }, data: { state: 'STORED' } });
  const answer = said(await pressButton(deps, person, { action: 'history', id: '1' }, reply()));
  expect(answer.lines[0]).toContain('being copied');
  expect(speak(progress(await getShare(database.db, account.id, shareId)), 'en').lines).toEqual([
    'Copying a.txt, b.txt … ▰▰▰▰▰▱▱▱▱▱ 1/2',
  ]);
});
