import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmLinkCode, createLinkCode } from '../../core/identities/link-codes.js';
import { linkSecrets } from '../support/fakes.js';
import { PASSWORD, startPortal, type Portal } from './start-portal.js';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.close());

const mallory = (userId: string) => ({
  platform: 'SLACK' as const,
  workspaceId: 'T1',
  userId,
  userName: 'mallory',
  workspaceName: 'Acme <Inc>',
});

/** What pressing Connect account in chat does. */
async function pressConnect() {
  const person = mallory(crypto.randomUUID());
  const { platform, workspaceId, userId } = person;
  const reply = {
    platform,
    workspaceId,
    userId,
    language: 'en' as const,
    teamId: '',
    replyHandle: 'handle',
    replyUntil: new Date(),
    repliesLeft: 1,
  };
  const deps = { db: portal.db, linkSecrets };
  const { linkCodeId, url } = await createLinkCode(deps, portal.portalUrl, person, reply);
  return { person, linkCodeId, path: url.slice(portal.portalUrl.length) };
}

const identities = (accountId: string) => portal.db.chatIdentity.count({ where: { accountId } });
const findCode = (id: string) => portal.db.linkCode.findUniqueOrThrow({ where: { id } });

test('connecting names who will share from which account, and asks for the password again', async () => {
  const { path, linkCodeId, person } = await pressConnect();
  const account = await portal.account();
  const browser = portal.browser();
  expect((await browser.get(path)).location).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
  await portal.signIn(account, browser);
  const { text } = await browser.get(path);
  for (const part of ['@mallory', 'Acme &lt;Inc&gt;', '(Slack)', account.email]) expect(text).toContain(part);
  expect((await findCode(linkCodeId)).approvedAt).toBeNull();

  const wrong = await browser.post(path, { password: 'not the password' });
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain('The password is wrong.');
  expect((await findCode(linkCodeId)).approvedAt).toBeNull();

  const before = browser.cookies.get('sid');
  expect((await browser.post(path, { password: PASSWORD })).location).toBe('/connections');
  expect(browser.cookies.get('sid')).not.toBe(before);
  expect((await browser.get('/connections')).text).toContain('Now confirm in Slack');
  expect(await identities(account.id)).toBe(0);
  expect((await browser.get(path)).status).toBe(410);

  await confirmLinkCode(portal, linkCodeId, person);
  expect((await browser.get('/connections')).text).toContain('@mallory');
  const [identity] = await portal.db.chatIdentity.findMany({ where: { accountId: account.id } });
  expect((await browser.post(`/connections/${identity!.id}/disconnect`)).location).toBe('/connections');
  expect(await identities(account.id)).toBe(0);
});

test('a connection that somebody did not ask for is refused for good', async () => {
  const { path, linkCodeId } = await pressConnect();
  const browser = await portal.signIn(await portal.account());
  expect((await browser.post(`${path}/refuse`)).location).toBe('/connections');
  expect((await findCode(linkCodeId)).closedAt).not.toBeNull();
  expect((await browser.post(path, { password: PASSWORD })).status).toBe(410);
});

test('an account whose address is not confirmed connects nothing', async () => {
  const { path, linkCodeId } = await pressConnect();
  const browser = await portal.signIn(await portal.account({ confirmed: false }));
  expect((await browser.get(path)).text).toContain('Confirm your address first');
  expect((await browser.post(path, { password: PASSWORD })).status).toBe(403);
  expect((await findCode(linkCodeId)).approvedAt).toBeNull();
});

test('a link that is made up, used or too old names the way back to chat (M17)', async () => {
  const browser = await portal.signIn(await portal.account());
  const madeUp = await browser.get('/connect/made.up');
  expect(madeUp.status).toBe(410);
  expect(madeUp.text).toContain('This link has expired. Go back to chat and press Connect account again.');
  const { path } = await pressConnect();
  await browser.post(`${path}/refuse`);
  const used = await browser.get(path);
  expect(used.status).toBe(410);
  expect(used.text).toContain('Go back to Slack and press Connect account again.');
  for (const { text } of [madeUp, used]) expect(text).toContain('href="/connections"');
});
