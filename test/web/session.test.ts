import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resetPassword } from '../../core/accounts/reset-password.js';
import { createLinkCode } from '../../core/identities/link-codes.js';
import { mintToken } from '../../core/links/tokens.js';
import type { Account } from '../../prisma/generated/client.js';
import type { BrowserClient } from '../support/browser-client.js';
import { linkSecrets } from '../support/fakes.js';
import { PASSWORD, startPortal, type Portal } from './start-portal.js';

const SAVE_MS = 200;

let portal: Portal;

beforeAll(async () => {
  portal = await startPortal();
  saveSlowly(portal.pool);
});

afterAll(() => portal.close());

test('a browser that follows a redirect at once finds the session that was changed', async () => {
  const account = await portal.account();
  const client = portal.browser();
  await client.get('/sign-in');
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const signedIn = await fetch(`${portal.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: portal.portalUrl },
    body: new URLSearchParams({ email: account.email, password: PASSWORD, _csrf: client.csrfToken ?? '' }),
  });
  // Chromium does not wait for the rest of the answer either.
  const [newCookie = ''] = signedIn.headers.getSetCookie();
  const next = await fetch(`${portal.url}/shares`, {
    redirect: 'manual',
    headers: { cookie: newCookie.split(';')[0] ?? '' },
  });
  await signedIn.text();
  expect(next.status).toBe(200);
});

test('an answer is sent whole once its session is saved, so that no crash leaves a part of it', async () => {
  // The form's token makes a session.
  const socket = connect(Number(new URL(portal.url).port), '127.0.0.1');
  socket.write('GET /sign-in HTTP/1.1\r\nhost: portal\r\n\r\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(first.toString()).toMatch(/^HTTP\/1\.1 200[^]*<\/html>\s*$/);
});

test('a session lives for half an hour after a request that changed it', async () => {
  const account = await portal.account({ confirmed: false });
  const browser = await portal.signIn(account);
  await browser.post('/confirm-again');
  await portal.pool.query(`UPDATE session SET expire = now() + interval '1 minute'`);
  expect((await browser.get('/shares/new')).text).toContain('The mail is on its way again.');
  const { rows } = await portal.pool.query<{ minutes: number }>(
    `SELECT round(extract(epoch FROM expire - now()) / 60)::int AS minutes FROM session WHERE sess->>'accountId' = $1`,
    [account.id],
  );
  expect(rows).toEqual([{ minutes: 30 }]);
});

describe('a session that ended while a request of it was under way', () => {
  test.each<[string, (account: Account, browser: BrowserClient) => Promise<unknown>]>([
    ['by signing out', (_, browser) => browser.post('/sign-out')],
    ['by a new password', (account) => chooseAnotherPassword(account)],
  ])('%s stays ended', async (_, end) => {
    const account = await portal.account({ confirmed: false });
    const browser = await portal.signIn(account);
    const other = sameBrowser(browser);
    const held = hold('consume');
    const answer = other.post('/confirm-again');
    await held.reached;
    await end(account, browser);
    held.release();
    expect((await answer).status).toBe(303);
    expect(await sessionsOf(account)).toBe(0);
    expect((await sameBrowser(other).get('/shares')).status).toBe(303);
  });

  test('does nothing more where its form had not arrived', async () => {
    const account = await portal.account();
    const browser = await portal.signIn(account);
    const identity = await portal.db.chatIdentity.create({
      data: {
        accountId: account.id,
        platform: 'SLACK',
        workspaceId: 'T1',
        userId: account.id,
        userName: 'ann',
        workspaceName: 'Acme',
      },
    });
    const { socket, last } = await beginForm(browser, `/connections/${identity.id}/disconnect`);
    await chooseAnotherPassword(account);
    socket.write(last);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 403 /);
    expect(await portal.db.chatIdentity.count({ where: { id: identity.id } })).toBe(1);
    expect((await browser.get('/shares')).status).toBe(303);
  });
});

describe('the old password', () => {
  test('signs nobody in whose try was under way when it was replaced', async () => {
    const account = await portal.account();
    const browser = portal.browser();
    await browser.get('/sign-in');
    const held = hold('reset');
    const answer = browser.post('/sign-in', { email: account.email, password: PASSWORD, next: '' });
    await held.reached;
    await chooseAnotherPassword(account);
    held.release();
    await answer;
    expect((await browser.get('/shares')).status).toBe(303);
  });

  test('renews no session either', async () => {
    const account = await portal.account();
    const browser = await portal.signIn(account);
    const person = { platform: 'SLACK', workspaceId: 'T1', userId: account.id } as const;
    const profile = { ...person, userName: 'ann', workspaceName: 'Acme' };
    const { url } = await createLinkCode(portal.deps, portal.portalUrl, profile);
    const held = hold('reset');
    const answer = browser.post(new URL(url).pathname, { password: PASSWORD });
    await held.reached;
    await chooseAnotherPassword(account);
    held.release();
    expect((await answer).status).toBe(303);
    expect((await browser.get('/shares')).status).toBe(303);
  });
});

/** The account's owner follows a reset link, elsewhere. */
async function chooseAnotherPassword({ id, email }: Account): Promise<void> {
  const mail = await portal.db.delivery.create({ data: { kind: 'RESET_PASSWORD', subjectId: id, email } });
  const token = mintToken(linkSecrets, 'reset-password', mail.id);
  await resetPassword(portal.deps, token, 'nine blue kettles');
}

/** Holds the next request that counts a try (`consume`), or that found a password right (`reset`), until released. */
function hold(step: 'consume' | 'reset'): { reached: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const { [step]: kept } = portal.rates;
  const reached = new Promise<void>((resolve) => {
    portal.rates[step] = () => {
      Object.assign(portal.rates, { [step]: kept });
      resolve();
      return released;
    };
  });
  return { reached, release };
}

function sameBrowser(browser: BrowserClient): BrowserClient {
  const other = portal.browser();
  for (const [name, value] of browser.cookies) other.cookies.set(name, value);
  other.csrfToken = browser.csrfToken;
  return other;
}

async function sessionsOf({ id }: Account): Promise<number> {
  const rows = await portal.db.session.findMany();
  return rows.filter(({ sess }) => (sess as { accountId?: string }).accountId === id).length;
}

/** Sends a form but for its last byte. */
async function beginForm(browser: BrowserClient, path: string): Promise<{ socket: Socket; last: string }> {
  const { hostname, port } = new URL(portal.url);
  const body = `_csrf=${browser.csrfToken}`;
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: portal.test',
    `Origin: ${portal.portalUrl}`,
    `Cookie: ${cookie}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`);
  // Long enough for what is read before the form to be read.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { socket, last: body.slice(-1) };
}

/** Writes of sessions take a while from now on. */
function saveSlowly(pool: pg.Pool): void {
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  const slowQuery = async (statement: unknown, ...rest: unknown[]) => {
    if (String(statement).startsWith('INSERT INTO "session"')) {
      await new Promise((resolve) => setTimeout(resolve, SAVE_MS));
    }
    return query(statement, ...rest);
  };
  Object.assign(pool, { query: slowQuery });
}
