import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { locateChromium } from './chromium.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--in-process-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A process for each site of each visitor takes a third of the browser's time.
  '--renderer-process-limit=1',
  '--disable-site-isolation-trials',
];

const DESKTOP = { width: 1280, height: 900 };

/** The Chromium that comes with npm on Linux x64, elsewhere the one of CHROME_PATH. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROME_PATH ?? (await locateChromium());
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

export interface Visitor {
  context: BrowserContext;
  page: Page;
  /** What went wrong in the browser: errors on the console, violations of the CSP, requests to anywhere else. */
  complaints: string[];
}

/** A new person at the browser, who may talk to the given origins alone. Closes with its context. */
export async function openVisitor(
  browser: Browser,
  origins: readonly string[],
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: DESKTOP, acceptDownloads: true, ...options });
  context.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (!['data:', 'blob:'].includes(protocol) && !origins.includes(origin)) {
      complaints.push(`request to ${request.url()}`);
    }
  });
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`${error.page()?.url()}: ${error.error()}`));
  return { context, page: await context.newPage(), complaints };
}

/**
 * The same person at a new page, with what their browser keeps and with nothing to complain of: half of what a new person
 * costs.
 */
export async function turnPage(visitor: Visitor): Promise<Page> {
  const former = visitor.context.pages();
  visitor.page = await visitor.context.newPage();
  await Promise.all(former.map((page) => page.close()));
  visitor.complaints.length = 0;
  return visitor.page;
}

/** Signs in through the form. */
export async function signInAs(
  page: Page,
  portal: string,
  account: { email: string; password: string },
): Promise<void> {
  await page.goto(`${portal}/sign-in`);
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${portal}/shares/new`);
}
