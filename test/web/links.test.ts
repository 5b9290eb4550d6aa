import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintToken } from '../../core/links/tokens.js';
import { linkSecrets } from '../support/fakes.js';
import { readyShare, slackFile } from '../support/shares.js';
import { startPortal, type Portal } from './start-portal.js';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.close());

const DEAD = 'This link does not work. It may have been withdrawn, or mistyped.';

/** A ready share to Bob and Eve, and the way to Bob's page. */
async function sharedWithBob(changes: Parameters<typeof readyShare>[2] = {}) {
  const account = await portal.account();
  const shareId = await readyShare(portal.db, account.id, {
    emails: ['bob@example.com', 'eve@example.com'],
    files: [slackFile('plan.pdf', 1536), slackFile('notes.txt', 3, 'F2')],
    message: 'Have a look, please',
    ...changes,
  });
  const [bob] = await portal.db.recipient.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
  const files = await portal.db.attachment.findMany({ where: { shareId }, orderBy: { position: 'asc' } });
  const token = mintToken(linkSecrets, 'link', bob!.id);
  const downloads = () => portal.db.download.count({ where: { attachment: { shareId } } });
  return { account, shareId, bobId: bob!.id, path: `/l/${token}`, files, downloads };
}

describe('a link page', () => {
  test('names the files, the sender and the end, and no other recipient', async () => {
    const { account, path, files } = await sharedWithBob();
    const { status, text, headers } = await portal.browser().get(path);
    expect(status).toBe(200);
    for (const part of [
      'plan.pdf',
      '1.5 KB',
      'notes.txt',
      'Ann Lee',
      account.email,
      'Have a look, please',
      'UTC',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain(files[0]!.sha256);
    expect(text).not.toContain('eve@example.com');
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow');
    expect(headers.getSetCookie()).toEqual([]);
  });

  test('may be looked at by machines: only a press of Download counts', async () => {
    const { path, files, downloads } = await sharedWithBob();
    const browser = portal.browser();
    await browser.get(path);
    await browser.head(path);
    await browser.get(`${path}/report`);
    expect((await browser.get(`${path}/files/${files[0]!.id}`)).status).toBe(404);
    expect(await downloads()).toBe(0);
    const answer = await browser.post(`${path}/files/${files[0]!.id}`);
    expect(answer.status).toBe(303);
    expect(answer.location).toBe(`https://storage.test/${files[0]!.storageKey}?name=plan.pdf`);
    expect(await downloads()).toBe(1);
    expect((await browser.get(path)).text).toContain('Downloaded');
  });

  test('counts two presses at once as two', async () => {
    const { path, files, downloads } = await sharedWithBob();
    const press = () => portal.browser().post(`${path}/files/${files[1]!.id}`);
    const answers = await Promise.all([press(), press()]);
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(await downloads()).toBe(2);
  });

  test('works for a program that says nothing of where it comes from', async () => {
    const { path, files } = await sharedWithBob();
    const press = { method: 'POST', redirect: 'manual' } as const;
    expect((await fetch(`${portal.url}${path}/files/${files[0]!.id}`, press)).status).toBe(303);
  });

  test('takes no press from another site', async () => {
    const { path, files, downloads } = await sharedWithBob();
    const fromElsewhere = { origin: 'https://evil.test' };
    const pressed = await portal.browser().post(`${path}/files/${files[0]!.id}`, {}, fromElsewhere);
    expect(pressed.status).toBe(403);
    const answer = await portal
      .browser()
      .post(`${path}/files/${files[0]!.id}`, {}, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
    expect(await downloads()).toBe(0);
  });

  test('gives no file of another share', async () => {
    const [own, other] = [await sharedWithBob(), await sharedWithBob()];
    expect((await portal.browser().post(`${own.path}/files/${other.files[0]!.id}`)).status).toBe(404);
    expect(await other.downloads()).toBe(0);
  });

  test('is the same page whether the link is wrong, revoked, or not ready yet', async () => {
    const wrong = await portal.browser().get(`/l/${'A'.repeat(22)}.${'A'.repeat(43)}`);
    expect(wrong.status).toBe(404);
    expect(wrong.text).toContain(DEAD);
    for (const path of ['/l/%ff', '/l/%E0%A4%A/report', '/l/%ff/files/%ff']) {
      const { status, text } = await portal.browser().get(path);
      expect({ status, text }, path).toEqual({ status: 404, text: wrong.text });
    }
    expect((await portal.browser().post('/l/%ff/report')).status).toBe(404);
    const revokedShare = await sharedWithBob();
    await portal.db.share.update({ where: { id: revokedShare.shareId }, data: { state: 'REVOKED' } });
    const revokedRecipient = await sharedWithBob();
    await portal.db.recipient.update({
      where: { id: revokedRecipient.bobId },
      data: { revokedAt: new Date() },
    });
    const early = await sharedWithBob();
    await portal.db.share.update({ where: { id: early.shareId }, data: { state: 'STORING' } });
    for (const { path, files } of [revokedShare, revokedRecipient, early]) {
      const { status, text } = await portal.browser().get(path);
      expect({ status, text }).toEqual({ status: 404, text: wrong.text });
      expect((await portal.browser().post(`${path}/files/${files[0]!.id}`)).status).toBe(404);
    }
  });

  test('that merely ran out offers to ask the sender, and gives nothing', async () => {
    const { account, shareId, path, files, downloads } = await sharedWithBob();
    await portal.db.share.update({ where: { id: shareId }, data: { expiresAt: new Date(Date.now() - 1) } });
    const { status, text } = await portal.browser().get(path);
    expect(status).toBe(404);
    expect(text).toContain(`href="mailto:${account.email}?subject=`);
    expect(text).not.toContain('plan.pdf');
    expect((await portal.browser().post(`${path}/files/${files[0]!.id}`)).status).toBe(404);
    expect(await downloads()).toBe(0);
  });

  test('shows the words of a sender as words', async () => {
    const { path } = await sharedWithBob({
      files: [slackFile('<img src=x onerror=alert(1)>.html', 5)],
      message: '</blockquote><script>alert(1)</script> & "quotes"',
    });
    const { text } = await portal.browser().get(path);
    expect(text).not.toMatch(/<script>|<img src=x/);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;');
  });

  test('can be reported, which the operator finds in the audit trail', async () => {
    const { path, shareId } = await sharedWithBob();
    const browser = portal.browser();
    await browser.get(`${path}/report`);
    expect((await browser.post(`${path}/report`)).text).toContain('Thank you');
    expect(
      await portal.db.auditEvent.count({ where: { action: 'share.reported', subjectId: shareId } }),
    ).toBe(1);
  });

  test('that was withdrawn or ran out can still be reported: its mail is there', async () => {
    const { path, shareId, bobId } = await sharedWithBob();
    const report = async () => {
      const browser = portal.browser();
      return [(await browser.get(`${path}/report`)).status, (await browser.post(`${path}/report`)).status];
    };
    await portal.db.share.update({ where: { id: shareId }, data: { state: 'EXPIRED' } });
    expect(await report()).toEqual([200, 200]);
    await portal.db.recipient.update({ where: { id: bobId }, data: { revokedAt: new Date() } });
    await portal.db.share.update({ where: { id: shareId }, data: { state: 'REVOKED' } });
    expect(await report()).toEqual([200, 200]);
    const wrong = `/l/${'A'.repeat(22)}.${'A'.repeat(43)}/report`;
    expect((await portal.browser().get(wrong)).status).toBe(404);
    expect((await portal.browser().post(wrong)).status).toBe(404);
  });

  test('is limited by client address', async () => {
    const { path } = await sharedWithBob();
    portal.rates.usedUp.add('link');
    const { status, headers } = await portal.browser().get(path);
    portal.rates.usedUp.clear();
    expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 429, retryAfter: '60' });
  });
});

test('no log line holds a token, an address, a name or a message', async () => {
  const { path, files } = await sharedWithBob();
  const browser = portal.browser();
  await browser.get(path);
  await browser.get(`${path}/?again`);
  await browser.get(`${path}x/nowhere`);
  await browser.post(`${path}/files/${files[0]!.id}`);
  const token = mintToken(linkSecrets, 'confirm-address', crypto.randomUUID());
  for (const folder of ['confirm', 'reset', 'connect']) await browser.get(`/${folder}/${token}`);
  await browser.get(`/sign-in?next=/connect/${token}`);
  const account = await portal.account();
  await portal.signIn(account, browser);
  const lines = JSON.stringify(portal.log.lines);
  for (const secret of [path.slice(3), token, account.email, 'bob@example.com', 'plan.pdf', 'Have a look']) {
    expect(lines).not.toContain(secret);
  }
  for (const route of ['/l/:token', '/l/:token/files/:attachmentId', '/confirm/:token', '/connect/:token']) {
    expect(lines).toContain(`"route":"${route}"`);
  }
});
