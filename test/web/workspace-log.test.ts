import { afterAll, beforeAll, expect, test } from 'vitest';
import { createShare } from '../../core/shares/create-share.js';
import { createLogLink } from '../../core/shares/workspace-log.js';
import { shareRequest } from '../support/shares.js';
import { startPortal, type Portal } from './start-portal.js';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.close());

/** An account whose chat identity has asked for the log of a workspace. */
async function administrator(workspaceId: string) {
  const account = await portal.account();
  const admin = { platform: 'SLACK', workspaceId, userId: crypto.randomUUID() } as const;
  await portal.db.chatIdentity.create({
    data: { ...admin, accountId: account.id, userName: '@ada', workspaceName: 'acme' },
  });
  const url = await createLogLink(portal.deps, admin, workspaceId);
  return { account, path: url!.slice(portal.portalUrl.length) };
}

test("the link of a workspace's log downloads CSV of that workspace, for its administrator alone", async () => {
  const { account, path } = await administrator('T0ACME');
  const other = await administrator('T0OTHER');
  const sender = await portal.account();
  await createShare(portal.deps, sender.id, shareRequest({ emails: ['in@x.org'] }), { places: ['T0ACME'] });
  await createShare(portal.deps, sender.id, shareRequest({ emails: ['out@x.org'] }), { places: ['T0OTHER'] });

  const browser = portal.browser();
  expect(await browser.get(path)).toMatchObject({
    status: 303,
    location: `/sign-in?next=${encodeURIComponent(path)}`,
  });
  await portal.signIn(account, browser);
  const { status, headers, text } = await browser.get(path);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(headers.get('content-disposition')).toBe('attachment; filename=share-log-slack-T0ACME.csv');
  expect(headers.get('cache-control')).toContain('no-store');
  expect(text).toContain('in@x.org');
  expect(text).not.toContain('out@x.org');

  expect((await browser.get(other.path)).status).toBe(404);
  for (const person of [other.account, sender]) {
    const answer = await (await portal.signIn(person)).get(path);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('in@x.org');
  }
  expect((await browser.get('/workspace-log/x.y')).status).toBe(404);
  expect(JSON.stringify(portal.log.lines)).not.toContain(path);
});
