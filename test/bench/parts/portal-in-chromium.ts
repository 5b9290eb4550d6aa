import sparticuz from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import type { BenchFile } from './files.js';
import type { PortalVisit } from './portal-visit.js';
import type { BenchStack } from './with-stack.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const UPLOAD_TIMEOUT_MS = 10 * 60_000;

/** Signs in with a real browser: the one of CHROME_PATH, or the Chromium that comes with npm (Linux x64). */
export async function openPortalInChromium({ urls, account }: BenchStack): Promise<PortalVisit> {
  const executablePath = process.env['CHROME_PATH'] ?? (await sparticuz.executablePath());
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const page = await browser.newPage();
  await page.goto(`${urls.portal}/sign-in`);
  await page.fill('[name=email]', account.email);
  await page.fill('[name=password]', account.password);
  await Promise.all([
    page.waitForURL((url) => url.pathname !== '/sign-in'),
    page.press('[name=password]', 'Enter'),
  ]);
  return {
    async upload({ path }: BenchFile, email) {
      await page.goto(`${urls.portal}/shares/new`);
      await page.setInputFiles('#files', path);
      await page.fill('#emails', email);
      await page.click('#submit');
      await page.waitForURL(/\/shares\/[0-9a-f-]{36}$/, { timeout: UPLOAD_TIMEOUT_MS });
    },
    close: () => browser.close(),
  };
}
