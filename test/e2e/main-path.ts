import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../core/messages/messages.js';
import { waitFor } from '../../local/demo/entrance.js';
import { discordPerson, slackPerson, type ChatPerson } from '../support/chat-people.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { openBrowser, openVisitor, type Visitor } from '../support/open-browser.js';
import type { TestStack } from '../support/start-stack.js';

const SCREENSHOTS = path.resolve(import.meta.dirname, '../output/screenshots');
const PASSWORD = 'seven grey herons wade';
const GRACE = { email: 'grace@example.com', slack: 'U0GRACE001', discord: '100200000000000002' };
const MIB = 1024 * 1024;

/** A newcomer's whole way through the product, in a browser: on the stack that the file which calls this has started. */
export function describeMainPath(
  backend: 'on Postgres' | 'on Redis',
  findStack: () => TestStack,
  skipped?: string,
): void {
  describe(`the main path ${backend}`, () => {
    let stack: TestStack;
    let browser: Browser;
    let grace: Visitor;
    let folder: string;
    let shotCount = 0;

    beforeAll(async () => {
      if (skipped) return;
      stack = findStack();
      folder = await mkdtemp(path.join(tmpdir(), 'passalong-files-'));
      browser = await openBrowser();
      grace = await openVisitor(browser, origins());
      await mkdir(SCREENSHOTS, { recursive: true });
    });

    afterAll(async () => {
      if (skipped) return;
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    });

    const origins = (): string[] => [stack.urls.portal, stack.urls.inbox, stack.urls.s3];

    /** A picture of the page; of a key page also on a phone, in the dark. The pages are the same on each backend. */
    async function shoot(page: Page, name: string, isKeyPage = false): Promise<void> {
      if (backend !== 'on Postgres') return;
      shotCount += 1;
      const base = path.join(SCREENSHOTS, `${String(shotCount).padStart(2, '0')}-${name}`);
      await page.screenshot({ path: `${base}.png`, fullPage: true });
      if (!isKeyPage) return;
      const size = page.viewportSize();
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.screenshot({ path: `${base}-phone-dark.png`, fullPage: true });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(width, `${name} fits on a phone`).toBeLessThanOrEqual(390);
      await page.emulateMedia({ colorScheme: null });
      if (size) await page.setViewportSize(size);
    }

    test.skipIf(skipped)(
      `registers, connects chat, shares from three entrances, downloads, withdraws and is billed ${skipped ? `(skipped: ${skipped})` : ''}`.trim(),
      async ({ onTestFailed }) => {
        const { page } = grace;
        onTestFailed(() => shoot(page, 'failed'));
        const { portal, inbox, s3, slack, discord } = stack.urls;
        const files = {
          film: { name: 'film.bin', bytes: randomBytes(20 * MIB) },
          notes: { name: 'notes.txt', bytes: Buffer.from('Remember the milk.\n') },
        };
        for (const { name, bytes } of Object.values(files)) await writeFile(path.join(folder, name), bytes);

        await register(page, portal, inbox);
        for (const person of [slackPerson(slack, GRACE.slack), discordPerson(discord, GRACE.discord)]) {
          await connect(page, person);
          await shareFromChat(person);
        }
        const sharePage = await shareFromPortal(page, s3);
        const mail = await waitForMail(inbox, 'ann@example.com');
        await waitForMail(inbox, 'bob@example.org');
        expect(mail).toMatchObject({
          subject: 'Grace Hopper sent you 2 files',
          replyTo: expect.stringContaining(GRACE.email) as string,
        });

        const recipient = await openVisitor(browser, origins());
        const presigned = await downloadAll(recipient, linkIn(mail), Object.values(files));
        await lookAtHistory(page, sharePage);
        await withdraw(page, recipient, linkIn(mail), presigned);
        await lookAtBilling(page, portal);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL(`${portal}/`);
        await page.goto(`${portal}/shares`);
        expect(new URL(page.url()).pathname).toBe('/sign-in');

        // A page that answers 404 is itself an error to Chromium's console.
        const isExpected = (complaint: string): boolean => /\/l\/.*status of 404/.test(complaint);
        expect(recipient.complaints.filter((complaint) => !isExpected(complaint))).toEqual([]);
        expect(grace.complaints).toEqual([]);
      },
    );

    async function register(page: Page, portal: string, inbox: string): Promise<void> {
      await page.goto(portal);
      await shoot(page, 'landing', true);
      await page.getByRole('link', { name: 'Create an account' }).click();
      await page.getByLabel('First name').fill('Grace');
      await page.getByLabel('Last name').fill('Hopper');
      await page.getByLabel('E-mail address').fill(GRACE.email);
      await page.getByLabel('Password').fill(PASSWORD);
      await shoot(page, 'register', true);
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
      await shoot(page, 'check-your-mail');

      await waitForMail(inbox, GRACE.email, 'Confirm');
      const reader = await page.context().newPage();
      await reader.goto(inbox);
      await reader.getByRole('link', { name: /Confirm your e-mail address/ }).click();
      const confirming = page.context().waitForEvent('page');
      const button = reader.frameLocator('iframe').getByRole('link', { name: 'Confirm my address' });
      await button.waitFor();
      await shoot(reader, 'inbox', true);
      await button.click();
      const tab = await confirming;
      await tab.getByLabel('Password').fill(PASSWORD);
      await shoot(tab, 'confirm');
      await tab.getByRole('button', { name: 'Confirm my address' }).click();
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
      await Promise.all([tab.close(), reader.close()]);

      await page.goto(`${portal}/sign-in`);
      await page.getByLabel('E-mail address').fill(GRACE.email);
      await page.getByLabel('Password').fill(PASSWORD);
      await shoot(page, 'sign-in', true);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${portal}/shares/new`);
    }

    /** Wants to share, is asked to connect first, and the share goes on afterwards. */
    async function connect(page: Page, person: ChatPerson): Promise<void> {
      const name = `first-${person.platform}.txt`;
      const to = `first.${person.platform.toLowerCase()}@example.com`;
      const asked = await person.share([{ name, bytes: Buffer.from(name) }], to);
      await asked.waitFor(text('chat.not_connected', {}));
      const connecting = await asked.press('Connect account');
      await connecting.waitFor(text('chat.connect_steps', { platform: person.platform }));
      await page.goto(await connecting.link());
      await page.getByText(`from your account ${GRACE.email}`).waitFor();
      await shoot(page, `connect-${person.platform}`, true);
      await page.getByLabel('Your password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText(`Now confirm in ${person.platform}`).waitFor();
      await shoot(page, `approved-${person.platform}`);
      await connecting.waitFor(text('chat.confirm_link', { name: 'Grace Hopper', email: GRACE.email }));
      const connected = await connecting.press('Connect');
      await connected.waitFor(name);
      await (await connected.press('Send')).waitFor(`Sent ${name}`);
      await waitForMail(stack.urls.inbox, to, `Grace Hopper sent you ${name}`);
      await waitForMail(stack.urls.inbox, GRACE.email, 'was connected');
      await page.goto(`${stack.urls.portal}/connections`);
      await page.getByText(`(${person.platform})`).waitFor();
      await shoot(page, `connections-${person.platform}`, true);
    }

    async function shareFromChat(person: ChatPerson): Promise<void> {
      const name = `second-${person.platform}.txt`;
      const to = `second.${person.platform.toLowerCase()}@example.com`;
      // Slack's card names all of Grace's files of the last ten minutes, so both of hers.
      const answer = await person.share([{ name, bytes: Buffer.from(name) }], to);
      const isSlack = person.platform === 'Slack';
      await answer.waitFor(isSlack ? /second-Slack\.txt[^]*first-Slack\.txt/ : name);
      await (await answer.press('Send')).waitFor(isSlack ? `Sent ${name}, first-Slack.txt` : `Sent ${name}`);
      await waitForMail(stack.urls.inbox, to);
    }

    async function shareFromPortal(page: Page, s3: string): Promise<string> {
      await page.goto(`${stack.urls.portal}/shares/new`);
      await shoot(page, 'share-form', true);
      const progress: string[] = [];
      await page.exposeFunction('sawProgress', (seen: string) => progress.push(seen));
      await page.evaluate(`
      const line = document.getElementById('progress-text');
      new MutationObserver(() => sawProgress(line.textContent)).observe(line, { childList: true });
    `);
      const parts: string[] = [];
      page.on('request', (request) => {
        if (request.method() === 'PUT' && request.url().startsWith(s3)) parts.push(request.url());
      });
      await page
        .locator('#files')
        .setInputFiles([path.join(folder, 'film.bin'), path.join(folder, 'notes.txt')]);
      await page.getByLabel('To', { exact: true }).fill('ann@example.com, Bob <bob@example.org>');
      await page.getByLabel(/Message/).fill('The film and the notes.\nEnjoy!');
      await shoot(page, 'share-form-filled', true);
      await slowStorage(s3, 700);
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('heading', { name: 'Sending' }).waitFor();
      await shoot(page, 'uploading', true);
      await slowStorage(s3, 0);
      await page.waitForURL(/\/shares\/[0-9a-f-]{36}$/);
      await page.getByText('Available', { exact: true }).waitFor();
      await waitFor('both mails to be delivered', async () => {
        return (await page.locator('.people .badge', { hasText: 'Delivered' }).count()) === 2 || null;
      });
      await shoot(page, 'share-sent', true);
      const film = parts.filter((url) => new URL(url).pathname === new URL(parts[0] ?? '').pathname);
      expect(parts.length, 'parts of both files').toBe(3);
      expect(film.length).toBeGreaterThan(0);
      expect(
        progress.some((line) => /^\d+ % · .* of 20 MB/.test(line)),
        progress.join('\n'),
      ).toBe(true);
      expect(progress.at(-1)).toMatch(/^100 %/);
      return page.url();
    }

    async function downloadAll(
      { page }: Visitor,
      link: string,
      files: { name: string; bytes: Buffer }[],
    ): Promise<string> {
      await page.goto(link);
      await shoot(page, 'link', true);
      let last: Download | undefined;
      for (const { name, bytes } of files) {
        const downloading = page.waitForEvent('download');
        await page.getByRole('button', { name: `Download ${name}` }).click();
        last = await downloading;
        expect(last.suggestedFilename()).toBe(name);
        expect((await readFile(await last.path())).equals(bytes), `${name} as it was sent`).toBe(true);
      }
      await page.goto(link);
      await shoot(page, 'link-downloaded');
      return last?.url() ?? '';
    }

    async function lookAtHistory(page: Page, sharePage: string): Promise<void> {
      await page.goto(`${stack.urls.portal}/shares`);
      const entry = page.locator('.history > li').first();
      await entry.getByText('Downloaded').waitFor();
      expect(await page.locator('.history > li').count()).toBe(5);
      await shoot(page, 'history', true);
      await page.goto(sharePage);
      await page.getByText('2 downloads').click();
      await shoot(page, 'share-downloaded', true);
      const own = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download' }).last().click();
      expect(await readFile(await (await own).path(), 'utf8')).toBe('Remember the milk.\n');
    }

    async function withdraw(page: Page, recipient: Visitor, link: string, presigned: string): Promise<void> {
      expect((await fetch(presigned)).status).toBe(200);
      await page.locator('summary', { hasText: /^Withdraw$/ }).click();
      await shoot(page, 'withdraw');
      await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
      await page.getByText('The share is withdrawn.').waitFor();
      await shoot(page, 'withdrawn', true);
      const answer = await recipient.page.goto(link);
      expect(answer?.status()).toBe(404);
      await recipient.page.getByText(text('page.dead_link', {})).waitFor();
      await shoot(recipient.page, 'dead-link', true);
      await waitFor('the objects to be deleted', async () => (await fetch(presigned)).status === 404 || null);
    }

    async function lookAtBilling(page: Page, portal: string): Promise<void> {
      await page.goto(`${portal}/billing`);
      await shoot(page, 'billing', true);
      const totals = await page.locator('.totals dd').allTextContents();
      expect(totals.map((each) => each.trim())).toEqual(['5', '7', '20 MB', '6']);
      expect(await page.locator('tbody tr').count()).toBe(5);
      const line = (await page.locator('tbody tr', { hasText: 'film.bin' }).textContent()) ?? '';
      for (const part of ['notes.txt', 'ann@example.com', 'bob@example.org', '20 MB'])
        expect(line).toContain(part);
    }
  });
}

/** Every request to the bucket waits so long; 0 is normal. */
async function slowStorage(s3: string, delayMs: number): Promise<void> {
  const faults = delayMs > 0 ? { delayMs, failBuckets: { passalong: 'slow' } } : {};
  await fetch(`${s3}/_control/faults`, { method: 'PUT', body: JSON.stringify(faults) });
}
