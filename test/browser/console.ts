import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findSerious } from '../support/find-serious.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { openVisitor, turnPage, type Visitor } from '../support/open-browser.js';
import { sharedBrowser, sharedStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

const [ADA, GRACE, GENERAL, FILES] = ['U0ADA00001', 'U0GRACE001', 'C0GENERAL1', 'C0FILES001'];

let stack: TestStack;
let visitor: Visitor;

beforeAll(async () => {
  stack = sharedStack();
  visitor = await openVisitor(await sharedBrowser(), [
    stack.urls.console,
    stack.urls.inbox,
    stack.urls.portal,
  ]);
});

afterAll(async () => {
  await visitor.context.close();
});

async function open(path: string): Promise<Page> {
  const page = await turnPage(visitor);
  await page.goto(`${stack.urls.console}/#${path}`);
  return page;
}

const file = (name: string) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(`The bytes of ${name}.`),
});
const composer = (page: Page) => page.getByRole('textbox', { name: /^Message (#|Passalong)/ });
const log = (page: Page) => page.getByRole('log');

async function type(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

describe('in the simulated Slack', () => {
  test('Ada posts a file and shares it with /share: the card becomes the news, and the mail is in the inbox', async () => {
    const page = await open('');
    await page
      .getByText('a local stand-in for Slack and Discord. Nothing here leaves this machine.')
      .waitFor();
    await page.getByRole('heading', { name: 'You are Ada Lovelace' }).waitFor();
    await page.getByRole('button', { name: /^\/share(?!-)/ }).click();
    expect(await composer(page).inputValue()).toBe('/share ');
    await page.getByText('/share [ann@example.com bob@example.com]').waitFor();
    await page.getByLabel('Attach files').setInputFiles(file('report.txt'));
    await type(page, 'Here it is, <b>*all*</b> of it');
    const posted = log(page).getByRole('article', { name: /^Ada Lovelace/ });
    await posted.getByText('report.txt').waitFor();
    expect(await posted.locator('.text').textContent()).toBe('Here it is, <b>all</b> of it');
    expect(await posted.locator('strong', { hasText: /^all$/ }).count()).toBe(1);

    await type(page, '/share someone@example.com');
    const answer = log(page).getByRole('article', { name: /^Passalong/ });
    await answer.getByText('Only visible to you').waitFor();
    await answer.getByText('report.txt').waitFor();
    await answer.getByRole('button', { name: 'Send' }).click();
    await answer.getByText(/^Sent report\.txt \(24 bytes\) to 1 person\./).waitFor();
    expect(await answer.count()).toBe(1);
    expect(await answer.getByRole('button', { name: 'Send' }).count()).toBe(0);

    const mail = await waitForMail(stack.urls.inbox, 'someone@example.com');
    expect(linkIn(mail)).toContain(stack.urls.portal);
    const opening = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Inbox' }).click();
    await (await opening).getByText('to someone@example.com').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('/share alone opens its form: a wrong address is said at its field, nothing is lost, and then it is sent', async () => {
    const page = await open(`/slack/${ADA}/${FILES}`);
    await composer(page).pressSequentially('/sh');
    await page.getByRole('option', { name: /^\/share(?!-)/ }).waitFor();
    await composer(page).press('Tab');
    await composer(page).press('Enter');
    const form = page.getByRole('dialog', { name: 'Share files by email' });
    await form.getByRole('button', { name: 'Send' }).click();
    expect(await form.getByText('Please complete this field.').count()).toBe(2);

    await form.getByLabel('Choose files').setInputFiles([file('one.txt'), file('two.txt')]);
    await form.getByRole('button', { name: 'Remove two.txt' }).click();
    const emails = form.getByLabel('To (1 to 5 email addresses)');
    for (const wrong of ['nobody', 'nobody', 'somebody']) {
      await emails.fill(wrong);
      await form.getByRole('button', { name: 'Send' }).click();
      await form.getByText(`These don't look like email addresses: ${wrong}.`).waitFor();
    }
    expect(await page.evaluate('document.activeElement.id')).toBe(await emails.getAttribute('id'));
    expect(await emails.getAttribute('aria-describedby')).toMatch(/-error$/);
    await emails.fill('form@example.com');
    await form.getByRole('button', { name: 'Send' }).click();
    await form.waitFor({ state: 'hidden' });
    await log(page)
      .getByText(/^Sent one\.txt/)
      .waitFor();
    await waitForMail(stack.urls.inbox, 'form@example.com', 'one.txt');
    expect(visitor.complaints).toEqual([]);
  });

  test('Grace, who has no account yet, is led to the portal, and others do not see it', async () => {
    const page = await open(`/slack/${GRACE}/${GENERAL}`);
    await page.getByLabel('Attach files').setInputFiles(file('mine.txt'));
    await type(page, '');
    await log(page).getByText('mine.txt').waitFor();
    await type(page, '/share someone@example.com');
    await log(page).getByRole('button', { name: 'Connect account' }).click();
    const portal = log(page).getByRole('link', { name: 'Open the portal' });
    expect(await portal.getAttribute('href')).toContain(`${stack.urls.portal}/connect/`);
    expect(await portal.getAttribute('rel')).toBe('noopener noreferrer');
    const opening = page.context().waitForEvent('page');
    await portal.click();
    await (await opening).getByRole('heading').first().waitFor();

    await page.getByRole('link', { name: 'Alan Turing' }).click();
    await page.getByRole('heading', { name: 'general' }).waitFor();
    await log(page).getByText('mine.txt').waitFor();
    expect(await log(page).getByText('Only visible to you').count()).toBe(0);
    expect(visitor.complaints).toEqual([]);
  });

  test('a file that another window sends appears by itself, and marks its channel elsewhere', async () => {
    const page = await open(`/slack/${ADA}/${FILES}`);
    await page.getByRole('heading', { name: 'files' }).waitFor();
    const said = { userId: GRACE, channelId: GENERAL, text: 'Look at *this*' };
    await fetch(`${stack.urls.slack}/_control/postMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(said),
    });
    await page.getByRole('link', { name: 'general' }).getByTitle('News here').waitFor();
    await page.getByRole('link', { name: 'general' }).click();
    await log(page).getByText('this', { exact: true }).waitFor();
    expect(await page.getByTitle('News here').count()).toBe(0);
  });

  test('while the bot does not answer, Slack says so', async () => {
    const page = await open(`/slack/${ADA}/${FILES}`);
    await page.getByRole('heading', { name: 'files' }).waitFor();
    const bot = stack.pids['bot'] ?? 0;
    process.kill(bot, 'SIGSTOP');
    try {
      await type(page, '/share help');
      await log(page).getByText('/share failed with the error “operation_timeout”').waitFor();
    } finally {
      process.kill(bot, 'SIGCONT');
    }
  });
});

test('in the simulated Discord, /share is picked with what was attached before, filled in and run', async () => {
  const page = await open('/discord');
  await page.getByLabel('Attach files').setInputFiles(file('attached.txt'));
  await composer(page).pressSequentially('/');
  await page.getByRole('option', { name: /passalong help/ }).waitFor();
  await page.getByRole('option', { name: /^\/share(?!-)/ }).click();
  const form = page.getByRole('form', { name: '/share' });
  await form.getByLabel('emails').fill('discord@example.com');
  await form.getByText('6 more').click();
  await form.getByLabel('file2').setInputFiles(file('second.txt'));
  await form.getByLabel('expires').selectOption('30 days');
  await form.getByRole('button', { name: 'Run' }).click();
  const answer = log(page).getByRole('article', { name: /^Passalong/ });
  await answer.getByText('Only visible to you').waitFor();
  await answer.getByText('second.txt').waitFor();
  await answer.getByRole('button', { name: 'Send' }).click();
  await answer.getByText(/^Sent attached\.txt, second\.txt/).waitFor();
  await answer.getByText('(edited)').waitFor();
  await waitForMail(stack.urls.inbox, 'discord@example.com');
  await composer(page).waitFor();
  expect(visitor.complaints).toEqual([]);
});

describe('axe finds nothing serious, in the light and in the dark,', () => {
  test.each([
    ['on a desktop', 1280],
    ['on a telephone', 390],
  ])('%s, and nothing is wider than the window', async (_name, width) => {
    const page = await open(`/slack/${ADA}/${GENERAL}`);
    await page.setViewportSize({ width, height: 844 });
    const check = async (where: string): Promise<void> => {
      expect(await findSerious(page), where).toEqual([]);
      const widest = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(widest, where).toBeLessThanOrEqual(width);
    };
    await log(page).getByText('report.txt').first().waitFor();
    await check('a channel');
    await composer(page).fill('/');
    await page.getByRole('option').first().waitFor();
    await check('the commands');
    await type(page, '/share');
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await check('a form');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    if (width < 700) await page.getByRole('button', { name: 'Who and where you are' }).click();
    await check('the places');
    await page.getByRole('link', { name: 'Discord' }).click();
    await page.locator('a', { hasText: 'lounge' }).waitFor({ state: 'attached' });
    await composer(page).fill('/');
    await page.getByRole('option', { name: /^\/share(?!-)/ }).click();
    await check('a command');
  });
});
