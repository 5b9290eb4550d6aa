import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
