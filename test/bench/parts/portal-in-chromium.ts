import { openBrowser } from '../../support/open-browser.js';
import type { BenchFile } from './files.js';
import type { PortalVisit } from './portal-visit.js';
import type { BenchStack } from './with-stack.js';

const UPLOAD_TIMEOUT_MS = 10 * 60_000;

/** Signs in with a real browser. */
export async function openPortalInChromium({ urls, account }: BenchStack): Promise<PortalVisit> {
  const browser = await openBrowser();
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
