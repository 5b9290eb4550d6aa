import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintToken } from '../../core/links/tokens.js';
import { linkSecrets } from '../support/fakes.js';
import { PASSWORD, startPortal, type Portal } from './start-portal.js';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.close());

/** Both answers wait for this long at least, so that neither is the faster one. */
const LEAST_MS = 290;

const form = (email: string) => ({ firstName: 'Ann', lastName: 'Lee', email, password: PASSWORD });

async function register(email: string, password = PASSWORD) {
  const browser = portal.browser();
  await browser.get('/register');
  return browser.post('/register', { ...form(email), password });
}

/** The newest mail of a kind to an address, as its link would hold it. */
async function mailedToken(email: string, kind: 'CONFIRM_ADDRESS' | 'RESET_PASSWORD') {
  const { id } = await portal.db.delivery.findFirstOrThrow({
    where: { email, kind },
    orderBy: { createdAt: 'desc' },
  });
  return mintToken(linkSecrets, kind === 'CONFIRM_ADDRESS' ? 'confirm-address' : 'reset-password', id);
}

/** What an answer tells apart from the next one, without what differs each time. */
const shape = (answer: { status: number; location: string | null; headers: Headers; text: string }) => ({
  status: answer.status,
  location: answer.location,
  headers: [...answer.headers.keys()].sort(),
  text: answer.text.replace(/value="[^"]*"/g, '').replace(/[\w.-]+@[\w.]+/g, '[address]'),
});

describe('registering', () => {
  test('answers the same for a new address and for one that has an account', async () => {
    const known = await portal.account();
    const fresh = await register('fresh@example.com');
    expect(fresh.status).toBe(200);
    expect(fresh.text).toContain('Check your mail');
    expect(fresh.text).toContain('<strong class="address">fresh@example.com</strong>');
    expect(fresh.text).toContain('<a href="/register">try again</a>');
    expect(shape(await register(known.email))).toEqual(shape(fresh));
    const mail = await portal.db.delivery.findFirstOrThrow({ where: { email: known.email } });
    expect(mail).toMatchObject({ kind: 'NOTICE', topic: 'already-registered' });
    expect(await portal.db.account.count({ where: { email: known.email } })).toBe(1);
  });

  test('shows the form again with its values, and never the password', async () => {
    const answer = await register('not an address', 'short');
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('value="not an address"');
    expect(answer.text).toContain('Use at least 12 characters.');
    expect(answer.text).not.toContain('value="short"');
  });

  test('takes no field that the form does not have', async () => {
    const browser = portal.browser();
    await browser.get('/register');
    const fields = { ...form('sly@example.com'), confirmedAt: '2020-01-01' };
    expect((await browser.post('/register', fields)).status).toBe(400);
    expect(await portal.db.account.count({ where: { email: 'sly@example.com' } })).toBe(0);
  });

  test('is limited by client address', async () => {
    portal.rates.usedUp.add('account-mail');
    const answer = await register('eager@example.com');
    portal.rates.usedUp.clear();
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('60');
  });
});

describe('confirming an address', () => {
  test('needs the password of the registration, works once, and a look changes nothing', async () => {
    await register('ann@example.com');
    const path = `/confirm/${await mailedToken('ann@example.com', 'CONFIRM_ADDRESS')}`;
    const isConfirmed = async () => {
      const account = await portal.db.account.findUniqueOrThrow({ where: { emailKey: 'ann@example.com' } });
      return account.confirmedAt !== null;
    };
    const browser = portal.browser();
    await browser.head(path);
    expect((await browser.get(path)).status).toBe(200);
    expect(await isConfirmed()).toBe(false);
    const wrong = await browser.post(path, { password: 'somebody else chose' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('The password is wrong.');
    expect(await isConfirmed()).toBe(false);
    const right = await browser.post(path, { password: PASSWORD });
    expect(right).toMatchObject({ status: 303, location: '/sign-in' });
    expect(await isConfirmed()).toBe(true);
    expect((await browser.get('/sign-in')).text).toContain('Your address is confirmed.');
    expect((await browser.post(path, { password: PASSWORD })).status).toBe(410);
    expect((await browser.get('/shares')).location).toBe('/sign-in?next=%2Fshares');
  });

  test('answers a made-up link as one that is used', async () => {
    expect((await portal.browser().get('/confirm/made.up')).status).toBe(410);
  });
});

describe('signing in', () => {
  test('tells nobody whether the address or the password was wrong', async () => {
    const { email } = await portal.account();
    const attempt = async (address: string) => {
      const browser = portal.browser();
      await browser.get('/sign-in');
      return browser.post('/sign-in', { email: address, password: 'not the password', next: '' });
    };
    const [known, unknown] = [await attempt(email), await attempt('nobody@example.com')];
    expect(known.status).toBe(401);
    expect(known.text).toContain('The e-mail address or the password is wrong.');
    expect(shape(unknown)).toEqual(shape(known));
  });

  test('counts tries by account and by client address, and stops at the limit', async () => {
    const account = await portal.account();
    portal.rates.usedUp.add('sign-in-account');
    const browser = portal.browser();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { email: account.email, password: PASSWORD, next: '' });
    portal.rates.usedUp.clear();
    expect(answer.status).toBe(429);
    expect(answer.text).toContain('Too many tries.');
    expect([...portal.rates.counts.keys()]).toContain('sign-in-address 127.0.0.1');
  });

  test('gives the session a new id, so that a planted one is worth nothing', async () => {
    const account = await portal.account();
    const browser = portal.browser();
    await browser.get('/sign-in');
    const planted = new Map(browser.cookies);
    await portal.signIn(account, browser);
    expect(browser.cookies.get('sid')).not.toBe(planted.get('sid'));
    const attacker = portal.browser();
    for (const [name, value] of planted) attacker.cookies.set(name, value);
    expect((await attacker.get('/shares')).status).toBe(303);
  });

  test.each([
    ['/billing', '/billing'],
    ['//evil.test', '/'],
    ['https://evil.test/', '/'],
    ['/\\evil.test', '/'],
  ])('with next=%s leads to %s', async (next, location) => {
    const account = await portal.account();
    const browser = portal.browser();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { email: account.email, password: PASSWORD, next });
    expect(answer).toMatchObject({ status: 303, location });
    expect((await browser.get(`/sign-in?next=${encodeURIComponent(next)}`)).location).toBe(location);
  });

  test('keeps the cookie from scripts and from other sites', async () => {
    const answer = await portal.browser().get('/sign-in');
    expect(answer.headers.getSetCookie()[0]).toMatch(/^sid=.+; Path=\/; Expires=.+; HttpOnly; SameSite=Lax$/);
  });

  test('ends 12 hours later, however busy the session is', async () => {
    const browser = await portal.signIn(await portal.account());
    await portal.pool.query(
      `UPDATE session SET sess = jsonb_set(sess::jsonb, '{signedInAt}', to_jsonb($1::bigint))`,
      [Date.now() - 12 * 60 * 60 * 1000 - 1],
    );
    expect((await browser.get('/shares')).status).toBe(303);
  });
});

test('signing out ends the session on the server', async () => {
  const browser = await portal.signIn(await portal.account());
  const stolen = portal.browser();
  for (const [name, value] of browser.cookies) stolen.cookies.set(name, value);
  expect((await stolen.get('/shares')).status).toBe(200);
  expect((await browser.post('/sign-out')).location).toBe('/');
  expect((await stolen.get('/shares')).status).toBe(303);
});

describe('a forgotten password', () => {
  async function forget(email: string) {
    const browser = portal.browser();
    await browser.get('/forgot');
    return browser.post('/forgot', { email });
  }

  test('is answered the same for every address, and mailed only to an account', async () => {
    const account = await portal.account();
    const startedAt = performance.now();
    const known = await forget(account.email);
    expect(known.status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(LEAST_MS);
    const askedAt = performance.now();
    expect(shape(await forget('nobody.here@example.com'))).toEqual(shape(known));
    expect(performance.now() - askedAt).toBeGreaterThan(LEAST_MS);
    expect(await portal.db.delivery.count({ where: { kind: 'RESET_PASSWORD', email: account.email } })).toBe(
      1,
    );
    expect(await portal.db.delivery.count({ where: { email: 'nobody.here@example.com' } })).toBe(0);
  });

  test('is mailed to one address five times an hour at most, and answered the same ever after', async () => {
    const account = await portal.account();
    const first = await forget(account.email);
    expect(first.text).toContain('<a href="/forgot">try again</a>');
    const key = `mail-to-address ${account.email.toLowerCase()}`;
    expect(portal.rates.counts.get(key)).toBe(1);
    portal.rates.usedUp.add('mail-to-address');
    const flooded = await forget(account.email);
    portal.rates.usedUp.clear();
    expect(shape(flooded)).toEqual(shape(first));
    expect(await portal.db.delivery.count({ where: { kind: 'RESET_PASSWORD', email: account.email } })).toBe(
      1,
    );
  });

  test('is replaced once by link, which ends every session', async () => {
    const account = await portal.account();
    const signedIn = await portal.signIn(account);
    await forget(account.email);
    const path = `/reset/${await mailedToken(account.email, 'RESET_PASSWORD')}`;
    expect((await signedIn.get(path)).status).toBe(200);
    const weak = await signedIn.post(path, { password: 'password1234' });
    expect(weak.status).toBe(400);
    expect(weak.text).toContain('lists of common passwords');
    const answer = await signedIn.post(path, { password: 'nine blue kettles' });
    expect(answer).toMatchObject({ status: 303, location: '/sign-in' });
    expect((await signedIn.get('/shares')).status).toBe(303);
    expect((await portal.browser().get(path)).status).toBe(410);
    const browser = portal.browser();
    await browser.get('/sign-in');
    const old = await browser.post('/sign-in', { email: account.email, password: PASSWORD, next: '' });
    expect(old.status).toBe(401);
    const fresh = { email: account.email, password: 'nine blue kettles', next: '' };
    expect((await browser.post('/sign-in', fresh)).status).toBe(303);
  });
});
