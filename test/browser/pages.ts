import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../core/messages/messages.js';
import { discordPerson } from '../support/chat-people.js';
import { findSerious } from '../support/find-serious.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { openVisitor, signInAs, type Visitor } from '../support/open-browser.js';
import { signIn } from '../support/portal-person.js';
import { sharedBrowser, sharedStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

let stack: TestStack;
let browser: Browser;
let session: NonNullable<BrowserContextOptions['storageState']>;
let link: string;
/** Paths and URLs of pages, by name. */
const pages: Record<string, string> = {};

const plan = { name: 'plan.pdf', bytes: Buffer.from('%PDF-1.4 not really') };
const notes = { name: 'notes.txt', bytes: Buffer.from('Remember the milk.') };

beforeAll(async () => {
  stack = sharedStack();
  browser = await sharedBrowser();
  const { portal, inbox, discord } = stack.urls;
  const { context, page } = await open();
  await signInAs(page, portal, stack.account);
  session = await context.storageState();
  await context.close();

  const ada = await signIn(portal, stack.account);
  const { shareId } = await ada.share([plan, notes], 'ann@example.com bob@example.com');
  link = linkIn(await waitForMail(inbox, 'ann@example.com'));
  await ada.share([notes], 'late@example.com');
  const expired = linkIn(await waitForMail(inbox, 'late@example.com'));
  await stack.query(
    `UPDATE share SET expires_at = now() WHERE id = (SELECT share_id FROM recipient WHERE email = 'late@example.com')`,
  );
  const alan = await discordPerson(discord, '100300000000000003').share([notes], 'carol@example.com');
  const connect = await (await alan.press('Connect account')).link();
  Object.assign(pages, { share: `/shares/${shareId}`, link, report: `${link}/report`, expired, connect });
});

function open(options: BrowserContextOptions = {}): Promise<Visitor> {
  return openVisitor(browser, [stack.urls.portal, stack.urls.s3], options);
}

describe('axe finds nothing serious, in the light and in the dark,', () => {
  test.each([
    ['as a guest', ['/', '/register', '/sign-in', '/forgot', '/nowhere', '/l/nowhere']],
    ['as a recipient', ['link', 'report', 'expired']],
    ['as a sender', ['/shares/new', '/shares', 'share', '/billing', '/connections', 'connect']],
  ])('%s', async (who, paths) => {
    const { context, page } = await open(who === 'as a sender' ? { storageState: session } : {});
    for (const path of paths) {
      await page.goto(new URL(pages[path] ?? path, stack.urls.portal).href);
      for (const summary of await page.locator('summary').all()) await summary.click();
      expect(await findSerious(page), path).toEqual([]);
    }
    await context.close();
  });

  test('as somebody whose form was refused', async () => {
    const { context, page } = await open({ storageState: session });
    await page.goto(`${stack.urls.portal}/shares/new`);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText(text('file.none', {})).waitFor();
    expect(await findSerious(page)).toEqual([]);
    await context.clearCookies();
    await page.goto(`${stack.urls.portal}/register`);
    await page.evaluate(`document.querySelector('form[action="/register"]').noValidate = true`);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('alert').waitFor();
    expect(await findSerious(page)).toEqual([]);
    await context.close();
  });
});

test.each([
  ['a recipient', 'link'],
  ['a sender', 'share'],
  ['a sender', '/shares'],
])('%s sees the times of %s in the own zone', async (who, name) => {
  const { context, page, complaints } = await open({
    timezoneId: 'Asia/Tokyo',
    ...(who === 'a sender' ? { storageState: session } : {}),
  });
  await page.goto(new URL(pages[name] ?? name, stack.urls.portal).href);
  const time = page.locator('time').first();
  const shown = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' },
    ...{ timeZoneName: 'short', timeZone: 'Asia/Tokyo' },
  }).format(new Date((await time.getAttribute('datetime')) ?? ''));
  await page.getByText(shown).first().waitFor();
  expect(await page.locator('main').textContent()).not.toContain('UTC');
  expect(complaints).toEqual([]);
  await context.close();
});

test('on a narrow screen nothing is cut', async () => {
  const { context, page } = await open({ storageState: session });
  for (const [width, name] of [
    [390, '/billing'],
    [700, '/billing'],
    [800, '/billing'],
    [390, '/shares'],
    [390, 'link'],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(new URL(pages[name] ?? name, stack.urls.portal).href);
    const cut = await page.evaluate<string[]>(`
      [...document.querySelectorAll('main *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 || element.scrollWidth > innerWidth)
        .map((element) => element.outerHTML)
    `);
    expect(cut, `${name} at ${width} pixels`).toEqual([]);
  }
  await context.close();
});

describe('without JavaScript', () => {
  test('a recipient sees the files and downloads them', async () => {
    const { context, page, complaints } = await open({ javaScriptEnabled: false });
    await page.goto(link);
    await page.getByRole('heading', { name: 'Ada Lovelace sent you 2 files' }).waitFor();
    expect(await page.locator('time').textContent()).toMatch(/ at \d\d:\d\d UTC$/);
    for (const { name, bytes } of [plan, notes]) {
      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: `Download ${name}` }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe(name);
      expect((await readFile(await download.path())).equals(bytes)).toBe(true);
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('a sender is told what needs it, and withdraws a link', async () => {
    const { context, page, complaints } = await open({ javaScriptEnabled: false, storageState: session });
    await page.goto(`${stack.urls.portal}/shares/new`);
    // Playwright finds no text within noscript.
    const notice = page.locator('noscript > .notice');
    await notice.waitFor();
    expect(await notice.textContent()).toContain('Sending files from this page needs JavaScript.');
    await page.goto(new URL(pages['share'] ?? '', stack.urls.portal).href);
    await page.locator('summary', { hasText: 'Withdraw link' }).last().click();
    await page.getByRole('button', { name: 'Withdraw link' }).click();
    await page.getByText('The link of this recipient no longer works.').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});
