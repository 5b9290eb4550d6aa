import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrowserClient } from '../support/browser-client.js';
import { acceptShare, readyShare, slackFile, uploadFile } from '../support/shares.js';
import { startPortal, type Portal } from './start-portal.js';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.close());

interface Created {
  shareId: string;
  attachments: { attachmentId: string; name: string }[];
}

const newShare = (changes: object = {}) => ({
  formId: crypto.randomUUID(),
  emails: 'bob@example.com; Eve <eve@example.com>',
  message: '',
  lifetimeDays: 7,
  files: [{ name: 'plan.pdf', contentType: 'application/pdf', sizeBytes: 20 * 1024 ** 2 }],
  ...changes,
});

async function signedIn() {
  const account = await portal.account();
  return { account, browser: await portal.signIn(account) };
}

describe('sending from the portal', () => {
  test('makes the rows first, uploads in signed parts, and hands the share to the worker', async () => {
    const { account, browser } = await signedIn();
    expect((await browser.get('/shares/new')).text).toMatch(/data-form-id="[0-9a-f-]{36}"/);
    const created = await browser.postJson('/shares', newShare());
    expect(created.status).toBe(201);
    const { shareId, attachments } = created.json as Created;
    expect(attachments).toEqual([{ attachmentId: expect.any(String) as string, name: 'plan.pdf' }]);
    const share = await portal.db.share.findUniqueOrThrow({
      where: { id: shareId },
      include: { recipients: true },
    });
    expect(share).toMatchObject({ accountId: account.id, state: 'AWAITING_UPLOAD', entrance: 'PORTAL' });
    expect(share.recipients.map(({ email }) => email)).toEqual(['bob@example.com', 'eve@example.com']);

    const base = `/uploads/${attachments[0]!.attachmentId}`;
    const begun = await browser.postJson(`${base}/begin`, {});
    expect([begun.status, begun.text]).toEqual([200, '{}']);
    const signed = await browser.postJson(`${base}/parts`, { partNumber: 2, sizeBytes: 4 * 1024 ** 2 });
    expect((signed.json as { url: string }).url).toMatch(
      /^https:\/\/storage\.test\/shares\/.*partNumber=2&size=4194304$/,
    );
    expect((await browser.get(`${base}/parts`)).json).toEqual({ isComplete: false, parts: [] });
    const jobs = portal.queue.jobs.length;
    expect((await browser.postJson(`${base}/complete`, { etags: ['"one"', '"two"'] })).status).toBe(200);
    expect(portal.queue.jobs.slice(jobs)).toMatchObject([
      { name: 'store-attachments', payload: { shareId } },
    ]);
    expect((await browser.postJson(`${base}/complete`, { etags: ['"one"', '"two"'] })).status).toBe(200);
    expect((await browser.get(`${base}/parts`)).json).toEqual({ isComplete: true, parts: [] });
    expect((await browser.get(`/shares/${shareId}/state`)).json).toMatchObject({
      isSettled: false,
      share: { label: 'Accepted' },
    });
  });

  test('pressed twice is one share', async () => {
    const { account, browser } = await signedIn();
    const share = newShare();
    const [first, second] = [
      await browser.postJson('/shares', share),
      await browser.postJson('/shares', share),
    ];
    expect(second.status).toBe(200);
    expect(second.json).toEqual(first.json);
    expect(await portal.db.share.count({ where: { accountId: account.id } })).toBe(1);
    const changed = await browser.postJson('/shares', { ...share, message: 'another' });
    expect(changed.json).toMatchObject({ code: 'share.form_stale' });
  });

  test.each([
    ['emails', { emails: 'bob at example' }],
    ['emails', { emails: 'a@x.org b@x.org c@x.org d@x.org e@x.org f@x.org' }],
    ['files', { files: [] }],
    ['files', { files: [{ name: 'empty', contentType: '', sizeBytes: 0 }] }],
    ['message', { message: 'x'.repeat(1001) }],
    ['lifetimeDays', { lifetimeDays: 365 }],
  ])('says what is wrong beside %s', async (field, changes) => {
    const { browser } = await signedIn();
    const answer = await browser.postJson('/shares', newShare(changes));
    expect(answer.status).toBe(400);
    const { message, fields } = answer.json as { message: string; fields: object };
    expect(fields).toEqual({ [field]: message });
  });

  test('says everything that is wrong at once', async () => {
    const { browser } = await signedIn();
    const answer = await browser.postJson(
      '/shares',
      newShare({ emails: '@ann bob', files: [], lifetimeDays: 2 }),
    );
    expect(answer.status).toBe(400);
    const { fields } = answer.json as { fields: Record<string, string> };
    expect(Object.keys(fields)).toEqual(['files', 'emails', 'lifetimeDays']);
    expect(fields['emails']).toMatch(/@ann.*bob/);
  });

  test('sends once to an address that is listed twice, and says so once on the page of the share', async () => {
    const { browser } = await signedIn();
    const emails = 'bob@bücher.example, BOB@bücher.example Bob@Bücher.example, eve@example.com';
    const { shareId } = (await browser.postJson('/shares', newShare({ emails }))).json as Created;
    const said = 'Sent once to bob@bücher.example (listed twice).';
    expect((await browser.get('/shares')).text).not.toContain(said);
    expect((await browser.get(`/shares/${shareId}`)).text.split(said)).toHaveLength(2);
    expect((await browser.get(`/shares/${shareId}`)).text).not.toContain(said);
  });

  test('shows addresses as they were typed, and mails to them in ASCII', async () => {
    const { account, browser } = await signedIn();
    const shareId = await readyShare(portal.db, account.id, { emails: ['bob@bücher.example'] });
    const [recipient] = await portal.db.recipient.findMany({ where: { shareId } });
    expect(recipient!.email).toBe('bob@xn--bcher-kva.example');
    for (const path of ['/shares', `/shares/${shareId}`, '/billing']) {
      const { text } = await browser.get(path);
      expect(text, path).toContain('bob@bücher.example');
      expect(text, path).not.toContain('xn--');
    }
  });

  test('refuses a part that no part can be', async () => {
    const { browser } = await signedIn();
    const { attachments } = (await browser.postJson('/shares', newShare())).json as Created;
    const base = `/uploads/${attachments[0]!.attachmentId}`;
    expect((await browser.postJson(`${base}/parts`, { partNumber: 1, sizeBytes: 1 })).status).toBe(400);
    expect((await browser.post(`${base}/begin`)).status, 'not JSON').toBe(400);
    await browser.postJson(`${base}/begin`, {});
    for (const part of [
      { partNumber: 0, sizeBytes: 1 },
      { partNumber: 10_001, sizeBytes: 1 },
      { partNumber: 1 },
    ]) {
      expect((await browser.postJson(`${base}/parts`, part)).status).toBe(400);
    }
    const huge = { partNumber: 1, sizeBytes: portal.deps.limits.maxFileBytes + 1 };
    expect((await browser.postJson(`${base}/parts`, huge)).json).toMatchObject({ code: 'file.too_large' });
  });

  test('stops an upload on Cancel', async () => {
    const { browser } = await signedIn();
    const { shareId, attachments } = (await browser.postJson('/shares', newShare())).json as Created;
    const base = `/uploads/${attachments[0]!.attachmentId}`;
    const runs = portal.uploads.runs.size;
    await browser.postJson(`${base}/begin`, {});
    expect((await browser.postJson(`${base}/abort`, {})).status).toBe(200);
    expect(portal.uploads.runs.size).toBe(runs);
    expect((await browser.postJson(`/shares/${shareId}/delete`, {})).status).toBe(303);
    expect((await browser.get(`/shares/${shareId}`)).status).toBe(404);
  });

  test('waits until the address is confirmed', async () => {
    const browser = await portal.signIn(await portal.account({ confirmed: false }));
    const form = await browser.get('/shares/new');
    expect(form.status).toBe(403);
    expect(form.text).toContain('Confirm your address first');
    expect((await browser.postJson('/shares', newShare())).json).toMatchObject({
      code: 'account.not_confirmed',
    });
    const mails = portal.marks.mails.length;
    expect((await browser.post('/confirm-again')).location).toBe('/shares/new');
    expect(portal.marks.mails.length).toBe(mails + 1);
  });
});

describe('the history', () => {
  test('lists own shares, newest first, with what became of each for each recipient', async () => {
    const { account, browser } = await signedIn();
    await acceptShare(portal.db, account.id, {
      files: [slackFile('first.pdf', 5)],
      emails: ['bob@example.com'],
    });
    const shareId = await readyShare(portal.db, account.id, {
      files: [slackFile('second.pdf', 5), slackFile('third.pdf', 5, 'F2')],
      emails: ['bob@example.com', 'eve@example.com', 'kim@example.com'],
    });
    const [bob, eve] = await portal.db.recipient.findMany({
      where: { shareId },
      orderBy: { position: 'asc' },
    });
    await portal.db.delivery.updateMany({ where: { subjectId: eve!.id }, data: { state: 'BOUNCED' } });
    const [file] = await portal.db.attachment.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
    await portal.db.download.create({ data: { recipientId: bob!.id, attachmentId: file!.id } });

    const { text } = await browser.get('/shares');
    expect(text.indexOf('second.pdf and 1 more')).toBeLessThan(text.indexOf('first.pdf'));
    expect(text).toMatch(/bob@example\.com<\/span>\s*<span class="badge good">Downloaded</);
    expect(text).toMatch(/eve@example\.com<\/span>\s*<span class="badge bad">Bounced</);
    expect(text).toMatch(/kim@example\.com<\/span>\s*<span class="badge busy">Waiting</);
    const detail = (await browser.get(`/shares/${shareId}`)).text;
    expect(detail).toContain('Downloaded once, on');
    expect(detail).toContain('Look for a typo');
    expect(await (await portal.signIn(await portal.account())).get('/shares')).toMatchObject({
      text: expect.not.stringContaining('second.pdf') as string,
    });
  });

  test('comes in pages', async () => {
    const { account, browser } = await signedIn();
    for (let number = 1; number <= 21; number += 1) {
      await acceptShare(portal.db, account.id, { files: [slackFile(`file-${number}.txt`, 5)] });
    }
    const first = (await browser.get('/shares')).text;
    expect(first).toContain('file-21.txt');
    expect(first).toContain('href="/shares?page=2"');
    const second = (await browser.get('/shares?page=2')).text;
    expect(second).toContain('file-1.txt');
    expect(second).not.toContain('file-2.txt');
    expect((await browser.get('/shares?page=-1%20OR%201')).text).toContain('file-21.txt');
  });

  test('shows the words of people as words', async () => {
    const account = await portal.account();
    await portal.db.account.update({ where: { id: account.id }, data: { firstName: '<b>Ann</b>' } });
    const browser = await portal.signIn(account);
    const shareId = await readyShare(portal.db, account.id, {
      files: [slackFile('"><script>alert(1)</script>.txt', 5)],
      message: '<script>alert(2)</script>',
    });
    for (const path of ['/shares', `/shares/${shareId}`, '/billing', '/connections']) {
      expect((await browser.get(path)).text).not.toMatch(/<script>|<b>Ann/);
    }
  });
});

describe('one share', () => {
  async function ready(browser: BrowserClient, accountId: string) {
    const shareId = await readyShare(portal.db, accountId, {
      emails: ['bob@example.com', 'eve@example.com'],
    });
    const [bob] = await portal.db.recipient.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
    const [file] = await portal.db.attachment.findMany({ where: { shareId } });
    const path = `/shares/${shareId}`;
    const link = async () => {
      const [, found] =
        /readonly value="http:\/\/portal\.test([^"]+)"/.exec((await browser.get(path)).text) ?? [];
      return found ?? '';
    };
    return { shareId, path, bobId: bob!.id, fileId: file!.id, link };
  }

  test('offers the link of each recipient, which works until it is withdrawn', async () => {
    const { account, browser } = await signedIn();
    const { path, bobId, link } = await ready(browser, account.id);
    const bobs = await link();
    expect((await portal.browser().get(bobs)).status).toBe(200);
    expect((await browser.post(`${path}/recipients/${bobId}/revoke`)).location).toBe(path);
    expect((await portal.browser().get(bobs)).status).toBe(404);
    expect((await portal.browser().get(await link())).status).toBe(200);
  });

  test('is withdrawn whole, and deleted from the history', async () => {
    const { account, browser } = await signedIn();
    const { path, shareId, link } = await ready(browser, account.id);
    const bobs = await link();
    expect((await browser.post(`${path}/revoke`)).location).toBe(path);
    expect((await browser.get(path)).text).toContain('The share is withdrawn.');
    expect((await portal.browser().get(bobs)).status).toBe(404);
    expect(portal.queue.jobs).toContainEqual(
      expect.objectContaining({ name: 'delete-objects', payload: { shareId } }),
    );
    expect((await browser.post(`${path}/delete`)).location).toBe('/shares');
    expect((await browser.get(path)).status).toBe(404);
  });

  test('gives its sender the file, uncounted, and mails a recipient again', async () => {
    const { account, browser } = await signedIn();
    const { path, shareId, fileId, bobId } = await ready(browser, account.id);
    await browser.get(path);
    const download = await browser.post(`${path}/files/${fileId}/download`);
    expect(download.status).toBe(303);
    expect(download.location).toMatch(/^https:\/\/storage\.test\//);
    expect(await portal.db.download.count({ where: { recipient: { shareId } } })).toBe(0);
    const early = await browser.post(`${path}/recipients/${bobId}/resend`);
    expect(early.status).toBe(400);
    expect(early.text).toContain('This mail has not left yet');
    await portal.db.delivery.updateMany({ where: { subjectId: bobId }, data: { state: 'FAILED' } });
    expect((await browser.post(`${path}/recipients/${bobId}/resend`)).location).toBe(path);
    expect(await portal.db.delivery.count({ where: { subjectId: bobId } })).toBe(2);
    expect(portal.marks.shares).toContain(shareId);
  });

  test.each([
    ['SENT', 0, false],
    ['SENT', 2, true],
    ['UNCONFIRMED', 14, false],
    ['UNCONFIRMED', 16, true],
    ['FAILED', 0, true],
    ['COMPLAINED', 60, false],
    ['PENDING', 60, false],
  ] as const)('offers to send a mail again after %s of %i minutes ago: %s', async (state, ago, isOffered) => {
    const { account, browser } = await signedIn();
    const { path, bobId } = await ready(browser, account.id);
    const stateAt = new Date(Date.now() - ago * 60_000);
    await portal.db.delivery.updateMany({ where: { subjectId: bobId }, data: { state, stateAt } });
    const [, attributes = ''] = new RegExp(`<div data-resend="${bobId}"([^>]*)>`).exec(
      (await browser.get(path)).text,
    ) ?? ['', 'hidden'];
    expect(!attributes.includes('hidden')).toBe(isOffered);
    const { resendable } = (await browser.get(`${path}/state`)).json as { resendable: string[] };
    expect(resendable.includes(bobId)).toBe(isOffered);
    const answer = await browser.post(`${path}/recipients/${bobId}/resend`);
    expect(answer.status === 303).toBe(isOffered);
  });

  test.each([
    ['FAILED', 'The share failed before the mail left.'],
    ['EXPIRED', 'The share expired before the mail left.'],
    ['REVOKED', 'It was withdrawn before the mail left.'],
  ] as const)('that is %s says why a mail did not leave', async (state, why) => {
    const { account, browser } = await signedIn();
    const { path, shareId } = await ready(browser, account.id);
    await portal.db.delivery.updateMany({ where: { shareId }, data: { state: 'CANCELLED' } });
    await portal.db.share.update({ where: { id: shareId }, data: { state } });
    expect((await browser.get(path)).text).toContain(why);
  });

  test('is not found by anybody else, whatever they try', async () => {
    const owner = await portal.account();
    const shareId = await readyShare(portal.db, owner.id);
    const waiting = await acceptShare(portal.db, owner.id, { files: [uploadFile('plan.pdf', 5)] });
    const [recipient] = await portal.db.recipient.findMany({ where: { shareId } });
    const [file] = await portal.db.attachment.findMany({ where: { shareId } });
    const [upload] = await portal.db.attachment.findMany({ where: { shareId: waiting } });
    const identity = await portal.db.chatIdentity.create({
      data: {
        accountId: owner.id,
        platform: 'SLACK',
        workspaceId: 'T1',
        userId: 'U1',
        userName: 'ann',
        workspaceName: 'Acme',
      },
    });
    const before = await portal.db.share.findMany({ where: { accountId: owner.id }, orderBy: { id: 'asc' } });

    const { browser } = await signedIn();
    for (const path of [`/shares/${shareId}`, `/shares/${shareId}/state`, `/uploads/${upload!.id}/parts`]) {
      expect((await browser.get(path)).status, path).toBe(404);
    }
    for (const action of [
      'revoke',
      'delete',
      `recipients/${recipient!.id}/revoke`,
      `recipients/${recipient!.id}/resend`,
      `files/${file!.id}/download`,
    ]) {
      expect((await browser.post(`/shares/${shareId}/${action}`)).status, action).toBe(404);
    }
    for (const [action, body] of [
      ['begin', {}],
      ['parts', { partNumber: 1, sizeBytes: 1 }],
      ['complete', { etags: ['"x"'] }],
      ['abort', {}],
    ] as const) {
      expect((await browser.postJson(`/uploads/${upload!.id}/${action}`, body)).status, action).toBe(404);
    }
    await browser.post(`/connections/${identity.id}/disconnect`);
    expect(await portal.db.chatIdentity.count({ where: { id: identity.id } })).toBe(1);
    expect(
      await portal.db.share.findMany({ where: { accountId: owner.id }, orderBy: { id: 'asc' } }),
    ).toEqual(before);
    for (const path of ['/shares/not-an-id', '/uploads/not-an-id/parts']) {
      expect((await browser.get(path)).status, path).toBe(404);
    }
  });

  test('asks a stranger to sign in first', async () => {
    const shareId = await readyShare(portal.db, (await portal.account()).id);
    for (const path of ['/shares', `/shares/${shareId}`, '/billing', '/connections', '/shares/new']) {
      expect((await portal.browser().get(path)).location).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
    }
  });
});

test('the bill adds up a month, line by line', async () => {
  const { account, browser } = await signedIn();
  await acceptShare(portal.db, account.id, {
    files: [slackFile('a.bin', 1024), slackFile('b.bin', 2048, 'F2')],
  });
  const failed = await acceptShare(portal.db, account.id, { files: [slackFile('c.bin', 512)] });
  await portal.db.usageRecord.create({
    data: {
      accountId: account.id,
      shareId: failed,
      kind: 'REVERSAL',
      fileNames: ['c.bin'],
      bytes: -512,
      recipients: ['bob@example.com'],
    },
  });
  const { text } = await browser.get('/billing');
  expect(text).toMatch(/<dt>Shares<\/dt>\s*<dd>1<\/dd>/);
  expect(text).toMatch(/<dt>Files<\/dt>\s*<dd>2<\/dd>/);
  expect(text).toMatch(/<dt>Volume<\/dt>\s*<dd>3 KB<\/dd>/);
  expect(text).toMatch(/<dt>E-mails<\/dt>\s*<dd>1<\/dd>/);
  expect(text).toMatch(/<li><bdi>a\.bin<\/bdi><\/li>\s*<li><bdi>b\.bin<\/bdi><\/li>/);
  expect(text).toContain('Not charged: it ended before its files were stored');
  expect((await browser.get('/billing?month=2020-01')).text).toContain('Nothing was charged in this month.');
  expect((await browser.get("/billing?month=';DROP")).text).toContain('a.bin');
});
