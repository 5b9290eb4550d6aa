import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDatabase, createPool } from '../../adapters/database.js';
import { AppError } from '../../core/errors.js';
import { mintToken } from '../../core/links/tokens.js';
import { text } from '../../core/messages/messages.js';
import { createBrowserClient } from '../support/browser-client.js';
import { linkSecrets } from '../support/fakes.js';
import { PASSWORD, startPortal, type Portal } from './start-portal.js';

let portal: Portal;
let isDraining = false;
beforeAll(async () => {
  portal = await startPortal({ isDraining: () => isDraining });
});
afterAll(() => portal.close());

describe('a form', () => {
  async function signOut(headers: Record<string, string>, token?: string) {
    const browser = await portal.signIn(await portal.account());
    if (token !== undefined) browser.csrfToken = token;
    return (await browser.post('/sign-out', {}, headers)).status;
  }

  test('is taken from our own pages', async () => {
    expect(await signOut({})).toBe(303);
    expect(await signOut({ origin: '', 'sec-fetch-site': 'same-origin' })).toBe(303);
  });

  test.each([
    ['no token', {}, ''],
    ['a wrong token', {}, 'made-up'],
    ['another origin', { origin: 'https://evil.test' }, undefined],
    ['no origin', { origin: 'null' }, undefined],
    ['a browser that says cross-site', { 'sec-fetch-site': 'cross-site' }, undefined],
    ['a browser that says same-site', { 'sec-fetch-site': 'same-site' }, undefined],
  ])('with %s is refused', async (_, headers, token) => {
    expect(await signOut(headers, token)).toBe(403);
  });

  test('with the token of another session is refused', async () => {
    const other = await portal.signIn(await portal.account());
    expect(await signOut({}, other.csrfToken!)).toBe(403);
  });

  test('to sign in is refused without a token too', async () => {
    const { email } = await portal.account();
    const answer = await portal.browser().post('/sign-in', { email, password: PASSWORD, next: '' });
    expect(answer.status).toBe(403);
  });

  test('with a field that is not asked for is refused', async () => {
    const browser = await portal.signIn(await portal.account());
    expect((await browser.post('/sign-out', { accountId: 'another' })).status).toBe(400);
    await browser.get('/forgot');
    expect((await browser.post('/forgot', { email: 'a@b.org', sendTo: 'c@d.org' })).status).toBe(400);
  });

  test('over 16 KiB is refused, and JSON over 64 KiB', async () => {
    const browser = await portal.signIn(await portal.account());
    const form = await browser.post('/sign-out', { more: 'x'.repeat(16 * 1024) });
    expect(form.status).toBe(413);
    expect(form.text).toContain('more than this form takes');
    expect((await browser.postJson('/shares', { message: 'x'.repeat(64 * 1024) })).status).toBe(413);
  });
});

describe('JSON', () => {
  test('is taken under its own type alone', async () => {
    const browser = await portal.signIn(await portal.account());
    const answer = await browser.postJson('/shares', {}, { 'content-type': 'text/plain' });
    expect(answer.status).toBe(400);
  });

  test('with a field that is not asked for is refused, and so is what is no JSON', async () => {
    const browser = await portal.signIn(await portal.account());
    const share = { formId: crypto.randomUUID(), emails: 'a@b.org', message: '', lifetimeDays: 7, files: [] };
    const extra = await browser.postJson('/shares', { ...share, accountId: crypto.randomUUID() });
    expect(extra.status).toBe(400);
    expect(extra.json).toMatchObject({ code: 'request.malformed', fields: {} });
    expect((await browser.postJson('/shares', 'a string')).status).toBe(400);
  });

  test('of somebody who is signed out gets an answer in JSON', async () => {
    const browser = portal.browser();
    await browser.get('/sign-in');
    const answer = await browser.postJson('/shares', {});
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'account.signed_out' });
  });
});

describe('every page', () => {
  test('forbids what it does not need', async () => {
    for (const path of ['/', '/sign-in', '/l/made.up', '/nowhere']) {
      const { headers } = await portal.browser().get(path);
      const policy = headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:");
      expect(policy).toContain(
        "connect-src 'self' https://storage.test;form-action 'self' https://storage.test",
      );
      expect(policy).toContain("base-uri 'none';object-src 'none';frame-ancestors 'none'");
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
        vary: 'Cookie',
      });
      expect(headers.has('x-powered-by')).toBe(false);
      expect(headers.has('strict-transport-security')).toBe(false);
    }
  });

  test('is one that exists, or a friendly 404', async () => {
    const answer = await portal.browser().get('/nowhere');
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('There is nothing here.');
    expect((await portal.browser().get('/%E0%A4%A')).status).toBe(404);
  });
});

test('assets are kept for a year; source maps and the manifest are not served', async () => {
  const browser = portal.browser();
  const style = await browser.get('/assets/style-HASH.css');
  expect(style.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(style.headers.get('x-content-type-options')).toBe('nosniff');
  for (const path of ['style-HASH.css.map', 'manifest.json', '..%2fmanifest.json', '']) {
    expect((await browser.get(`/assets/${path}`)).status).toBe(404);
  }
});

test('an error that nobody expected shows a reference and nothing of itself', async () => {
  const browser = await portal.signIn(await portal.account());
  await portal.pool.query('ALTER TABLE usage_record RENAME TO usage_record_away');
  const answer = await browser.get('/billing');
  await portal.pool.query('ALTER TABLE usage_record_away RENAME TO usage_record');
  expect(answer.status).toBe(500);
  const [, reference] = /Reference ([0-9a-f]{8})/.exec(answer.text) ?? [];
  expect(answer.text).not.toContain('usage_record');
  expect(portal.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', fields: expect.objectContaining({ reference }) as object }),
  );
});

test.each([
  ['storage is down', 'storage.unavailable'],
  ['too many people are waiting', 'account.busy'],
] as const)('while %s, what is said carries the one reference that is in the log', async (_, code) => {
  const browser = await portal.signIn(await portal.account());
  const files = [{ name: 'plan.pdf', contentType: '', sizeBytes: 5 }];
  const share = { formId: crypto.randomUUID(), emails: 'a@b.org', message: '', lifetimeDays: 7, files };
  const { attachments } = (await browser.postJson('/shares', share)).json as {
    attachments: { attachmentId: string }[];
  };
  const begin = `/uploads/${attachments[0]!.attachmentId}/begin`;
  const logged = portal.log.lines.length;
  const begun = vi.spyOn(portal.uploads, 'begin').mockRejectedValue(new AppError('unavailable', code, {}));
  const answer = await browser.postJson(begin, {});
  begun.mockRestore();
  expect(answer.status).toBe(503);
  const { message } = answer.json as { message: string };
  const [, reference] = /^.* Reference ([0-9a-f]{8})\.$/.exec(message) ?? [];
  expect(message).toBe(`${text(code, {})} Reference ${reference}.`);
  const references = portal.log.lines.slice(logged).flatMap(({ fields }) => {
    return 'reference' in fields ? [fields.reference] : [];
  });
  expect(references).toEqual([reference]);
});

test('balancers are told when to send nobody', async () => {
  const browser = portal.browser();
  expect((await browser.get('/healthz')).status).toBe(200);
  expect((await browser.get('/readyz')).status).toBe(200);
  isDraining = true;
  expect((await browser.get('/readyz')).status).toBe(503);
  expect((await browser.get('/healthz')).status).toBe(200);
  isDraining = false;
});

test('a portal that drains leaves GETs to others where a proxy asks them, and answers everything else', async () => {
  const browser = portal.browser();
  const retries = { 'x-proxy-retries': 'GET' };
  expect((await browser.get('/sign-in', retries)).status).toBe(200);
  isDraining = true;
  expect((await browser.get('/sign-in', retries)).status).toBe(502);
  expect((await browser.get('/sign-in')).status).toBe(200);
  const form = { email: 'nobody@example.com', password: 'not the password', next: '' };
  expect((await browser.post('/sign-in', form, retries)).status).toBe(401);
  expect((await browser.get('/readyz', retries)).status).toBe(503);
  isDraining = false;
});

test('behind https the cookie is Secure under a protected name, and browsers are told to stay', async () => {
  const secure = await startPortal({ portalUrl: 'https://portal.test', trustProxyHops: 1 });
  try {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' };
    const client = createBrowserClient(secure.url, secure.portalUrl);
    const answer = await client.get('/sign-in', forwarded);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-sid=.+; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
    const form = { email: 'nobody@example.com', password: 'not the password', next: '' };
    await client.post('/sign-in', form, forwarded);
    expect([...secure.rates.counts.keys()]).toContain('sign-in-address 203.0.113.9');
  } finally {
    await secure.close();
  }
});

test('while the database is away, every page says so with 503', async () => {
  const pool = createPool('postgresql://nobody@127.0.0.1:1/nothing', portal.log);
  const cut = await startPortal({ pool, db: createDatabase(pool) });
  try {
    const browser = await portal.signIn(await portal.account());
    const client = createBrowserClient(cut.url, cut.portalUrl);
    for (const [name, value] of browser.cookies) client.cookies.set(name, value);
    const link = `/l/${mintToken(linkSecrets, 'link', crypto.randomUUID())}`;
    for (const path of ['/shares', link]) expect((await client.get(path)).status, path).toBe(503);
    expect((await client.get('/shares')).text).toContain('Try again in a minute');
    // A blip must not take every instance out of a balancer.
    for (const path of ['/healthz', '/readyz']) expect((await client.get(path)).status, path).toBe(200);
  } finally {
    await cut.close();
    await pool.end();
  }
});
