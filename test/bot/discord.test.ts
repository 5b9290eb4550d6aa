import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Component } from '../../local/discord/validate-message.js';
import { approveLinkCode } from '../../core/identities/link-codes.js';
import { oweNotice } from '../../core/notices.js';
import { createAccount } from '../support/accounts.js';
import { fakePasswords, fakeRates } from '../support/fakes.js';
import { ADA, GENERAL, GRACE, LOUNGE, startRig, type Rig } from './discord-rig.js';

let rig: Rig;

const at = (userId: string) => ({ userId, teamId: '', workspaceId: '', language: 'en' }) as const;

beforeAll(async () => {
  rig = await startRig();
});

afterAll(async () => {
  await rig.stop();
});

afterEach(async () => {
  Object.assign(rig.discord.faults, { restDown: false, rateLimitNext: 0, dmClosed: [] });
  await rig.db.shareDraft.deleteMany();
  await rig.db.chatIdentity.deleteMany();
});

async function shareOnePlan(
  options: Record<string, string | number> = {},
  more: object = {},
): Promise<string> {
  const file = await rig.upload();
  return rig.command('share', { file: file.id, emails: 'bob@example.com', ...options }, more);
}

function buttonsOf(components: Component[]): Component[] {
  return components.flatMap((row) => row.components ?? []);
}

function customIdOf(components: Component[], action: string): string {
  const found = buttonsOf(components).find(({ custom_id }) => custom_id?.startsWith(action));
  if (!found?.custom_id) throw new Error(`no button ${action}`);
  return found.custom_id;
}

describe('/share', () => {
  test('accepts the attached files in order, queues one job and answers the person alone (B3)', async () => {
    await rig.connectAccount();
    const second = await rig.upload('budget 2026.xlsx');
    const id = await shareOnePlan({
      file2: second.id,
      emails: 'bob@example.com, Carol <carol@example.com>',
      message: 'Hello',
      expires: 30,
    });
    const message = await rig.reads(id, 'Saved: plan.pdf, budget 2026.xlsx');
    expect(rig.discord.control.interaction(id)).toMatchObject({ deferred: true, ephemeral: true });
    expect(rig.discord.control.messages({ channelId: GENERAL, userId: GRACE })).toEqual([]);
    expect(buttonsOf(message.components)).toMatchObject([{ label: 'Undo' }]);

    const share = await rig.requestOf(id);
    expect(share).toMatchObject({ entrance: 'DISCORD', state: 'RECEIVED', message: 'Hello' });
    expect(share?.attachments.map(({ name, sizeBytes }) => [name, Number(sizeBytes)])).toEqual([
      ['plan.pdf', 9],
      ['budget 2026.xlsx', 9],
    ]);
    expect(share?.attachments[0]?.source).toMatchObject({
      kind: 'discord',
      url: expect.stringContaining('/plan.pdf?ex=') as string,
    });
    expect(share?.recipients.map(({ email }) => email)).toEqual(['bob@example.com', 'carol@example.com']);
    expect(Math.round((share!.expiresAt.getTime() - share!.createdAt.getTime()) / 86_400_000)).toBe(30);
    expect(rig.deps.queue.jobs).toContainEqual({
      name: 'store-attachments',
      payload: { shareId: share!.id },
      delayMs: undefined,
    });
  });

  test('edits its one answer until every mail is sent, and writes no direct message (B7)', async () => {
    await rig.connectAccount();
    const id = await shareOnePlan();
    await rig.reads(id, 'Saved');
    const share = await rig.requestOf(id);
    const shareId = share!.id;
    await rig.db.share.update({ where: { id: shareId }, data: { state: 'STORING' } });
    await oweNotice(rig.db, 'SHARE', shareId);
    await rig.reads(id, 'Copying plan.pdf');
    await rig.db.share.update({ where: { id: shareId }, data: { state: 'READY' } });
    await oweNotice(rig.db, 'SHARE', shareId);
    await rig.reads(id, '**Sending plan.pdf to 1 person …**');
    await rig.db.delivery.updateMany({ where: { shareId }, data: { state: 'SENT' } });
    await oweNotice(rig.db, 'SHARE', shareId);
    await rig.reads(id, '**Sent plan.pdf (9 bytes) to 1 person. Link expires');
    const { channelId } = rig.discord.control.openDirectMessage({ userId: ADA });
    expect(rig.discord.control.messages({ channelId })).toEqual([]);
  });

  test.each([
    ['a malformed address', { emails: 'bob@' }, "These don't look like email addresses: bob@"],
    ['six addresses', { emails: 'a@x.org b@x.org c@x.org d@x.org e@x.org f@x.org' }, 'You added 6 addresses'],
    ['a mention', { emails: '<@100200000000000002>' }, "I can't look up @100200000000000002's email"],
  ])('says what to mend about %s, and nothing is sent', async (_what, options, answer) => {
    await rig.connectAccount();
    const id = await shareOnePlan(options);
    await rig.reads(id, answer);
    expect(await rig.requestOf(id)).toBeNull();
  });

  test('refuses an empty file and one over the limit by name (M11, M11b)', async () => {
    await rig.connectAccount();
    const empty = await rig.upload('nothing.txt', Buffer.alloc(0));
    await rig.reads(await shareOnePlan({ file2: empty.id }), 'nothing.txt is empty');
    rig.deps.limits = { ...rig.deps.limits, maxFileBytes: 8 };
    const id = await shareOnePlan();
    await rig.reads(id, 'plan.pdf is 9 bytes; the limit is 8 bytes');
    rig.deps.limits = { ...rig.deps.limits, maxFileBytes: 1024 };
  });

  test('works in a guild without the app, by the installation of the person', async () => {
    await rig.connectAccount();
    const id = await shareOnePlan({}, { channelId: LOUNGE });
    await rig.reads(id, 'Saved: plan.pdf');
  });

  test('gives a reference that is in the log, where something unexpected happens (M20)', async () => {
    const { db } = rig.deps;
    rig.deps.db = { chatIdentity: { findUnique: () => Promise.reject(new Error('boom')) } } as never;
    const id = await shareOnePlan();
    const { content } = await rig.reads(id, 'Something went wrong on our side');
    rig.deps.db = db;
    const reference = /Reference (\w+)/.exec(content)?.[1];
    expect(rig.deps.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ reference, interactionId: id }) as object,
      }),
    );
  });

  test('runs nothing where the acknowledgement came too late, since Discord tells the person so (B1)', async () => {
    await rig.connectAccount();
    const before = await rig.db.share.count();
    const id = await shareOnePlan();
    rig.discord.control.passTime({ ms: 3_001 });
    await expect
      .poll(() => rig.deps.log.lines.some(({ message }) => message === 'not acknowledged to Discord'))
      .toBe(true);
    expect(rig.discord.control.interaction(id).failed).toBe(true);
    expect(await rig.db.share.count()).toBe(before);
  });
});

describe('connecting an account', () => {
  test('is offered instead of sharing, confirmed in Discord, and then offers what was waiting (B13)', async () => {
    const id = await shareOnePlan();
    const offer = await rig.reads(id, 'Connect your Passalong account');
    rig.press(id, customIdOf(offer.components, 'connect'));
    const steps = await rig.reads(id, 'Open the portal');
    const url = buttonsOf(steps.components)[0] as unknown as { url: string; style: number };
    expect(url).toMatchObject({
      style: 5,
      url: expect.stringMatching(/^https:\/\/passalong\.test\/connect\//) as string,
    });

    const account = await createAccount(rig.db, { email: 'ann_lee@sender.example' });
    const deps = { ...rig.deps, passwords: fakePasswords(), rates: fakeRates() };
    await approveLinkCode(deps, new URL(url.url).pathname.split('/')[2]!, account.id, 'a long enough one');
    const card = await rig.reads(id, 'Connect to the account of Ann Lee');
    expect(card.content).toContain('ann\\_lee@sender.example');

    const pressed = rig.press(id, customIdOf(card.components, 'confirm-link'));
    const waiting = await rig.reads(id, 'Send 1 file to 1 person?');
    expect(rig.discord.control.interaction(pressed).message?.id).toBe(card.id);
    rig.press(id, customIdOf(waiting.components, 'send-draft'));
    await rig.reads(id, 'Saved: plan.pdf');
    const share = await rig.db.share.findFirst({ where: { accountId: account.id } });
    expect(share?.requestKey).toMatch(/^draft:/);
    expect(await rig.db.chatIdentity.findMany({ where: { accountId: account.id } })).toMatchObject([
      { platform: 'DISCORD', workspaceId: '', userId: ADA, userName: '@ada' },
    ]);
  });

  test('forgets the share at Not now', async () => {
    const id = await shareOnePlan();
    const offer = await rig.reads(id, 'Connect your Passalong account');
    rig.press(id, customIdOf(offer.components, 'dismiss'));
    const message = await rig.reads(id, 'Nothing was sent');
    expect(message.components).toEqual([]);
    expect(await rig.db.shareDraft.count()).toBe(0);
  });

  test("makes the code dead at This isn't me", async () => {
    const id = rig.command('passalong', {}, { subcommand: 'connect' });
    const steps = await rig.reads(id, 'Open the portal');
    const { url } = buttonsOf(steps.components)[0] as unknown as { url: string };
    const account = await createAccount(rig.db);
    const deps = { ...rig.deps, passwords: fakePasswords(), rates: fakeRates() };
    await approveLinkCode(deps, new URL(url).pathname.split('/')[2]!, account.id, 'a long enough one');
    const card = await rig.reads(id, 'Connect to the account');
    const confirm = customIdOf(card.components, 'confirm-link');
    rig.press(id, customIdOf(card.components, 'refuse-link'));
    await rig.reads(id, 'Nothing was connected');
    expect(() => rig.press(id, confirm)).toThrow(/no such component/);
    expect(await rig.db.chatIdentity.count()).toBe(0);
  });

  test('is not offered twice', async () => {
    await rig.connectAccount();
    await rig.reads(rig.command('passalong', {}, { subcommand: 'connect' }), 'connected already');
  });
});

test('/passalong help names the commands that Discord has (B14)', async () => {
  const { content } = await rig.reads(
    rig.command('passalong', {}, { subcommand: 'help' }),
    'Share files by e-mail',
  );
  expect(content).toContain('/passalong connect');
  expect(content).not.toContain('Slack');
});

describe('the platform', () => {
  const answer = { lines: ['Delivered'], buttons: [] };

  test('writes directly to a person, and says where that is not wanted or nobody is there', async () => {
    expect(await rig.platform.message(at(GRACE), answer)).toBe(true);
    const { channelId } = rig.discord.control.openDirectMessage({ userId: GRACE });
    expect(rig.discord.control.messages({ channelId }).at(-1)?.content).toBe('Delivered');
    rig.discord.faults.dmClosed = [GRACE];
    expect(await rig.platform.message(at(GRACE), answer)).toBe(false);
    expect(await rig.platform.message(at('100900000000000009'), answer)).toBe(false);
  });

  test('cannot edit after 15 minutes or what was deleted, and throws where Discord is away', async () => {
    await rig.connectAccount();
    const id = await shareOnePlan();
    await rig.reads(id, 'Saved');
    const { replyHandle } = await rig.db.chatNotice.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    expect(await rig.platform.edit({ ...at(ADA), replyHandle: replyHandle! }, answer)).toBe(true);
    rig.discord.faults.restDown = true;
    await expect(rig.platform.edit({ ...at(ADA), replyHandle: replyHandle! }, answer)).rejects.toThrow();
    rig.discord.faults.restDown = false;

    const deleted = await shareOnePlan();
    await rig.reads(deleted, 'Saved');
    const other = await rig.db.chatNotice.findFirstOrThrow({ orderBy: { createdAt: 'desc' } });
    const original = `${rig.discord.url}/api/v10/webhooks/${other.replyHandle!}/messages/@original`;
    await fetch(original, { method: 'DELETE' });
    expect(await rig.platform.edit({ ...at(ADA), replyHandle: other.replyHandle! }, answer)).toBe(false);

    rig.discord.control.passTime({ ms: 15 * 60_000 });
    expect(await rig.platform.edit({ ...at(ADA), replyHandle: replyHandle! }, answer)).toBe(false);
    expect(await rig.platform.edit({ ...at(ADA), replyHandle: '900000000000000001/unknown' }, answer)).toBe(
      false,
    );
  });

  test('logs no name, address, URL or token (B16)', () => {
    const logged = JSON.stringify(
      rig.deps.log.lines.map(({ fields, message }) => [withoutErrors(fields), message]),
    );
    expect(rig.deps.log.lines.length).toBeGreaterThan(3);
    // The hexadecimal digits of an id may spell a name.
    expect(logged.replace(/[0-9a-f-]{36}/g, '')).not.toMatch(
      /@|plan\.pdf|https?:|ada|local-token|900000000000000001\//i,
    );
  });
});

/** Errors as the logger writes them: type, code and message. */
function withoutErrors(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Error ? [value.name, value.message] : value,
  ]);
  return Object.fromEntries(entries) as object;
}
