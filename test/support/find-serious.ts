import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

/** Half as long to read for the browser, at each page, as the one with comments. */
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

interface Results {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/** No other kind of result, and no style sheet fetched a second time: half of the time that axe takes otherwise. */
const VIOLATIONS = { resultTypes: ['violations'], preload: false };

/** All that another colour scheme changes. */
const COLOURS = { ...VIOLATIONS, runOnly: ['color-contrast', 'link-in-text-block'] };

/** What axe calls serious or critical as the page is now, in the light and in the dark, each with where it is. */
export async function findSerious(page: Page): Promise<string[]> {
  await addAxe(page);
  const inLight = await run(page, 'light', VIOLATIONS);
  const inDark = await run(page, 'dark', COLOURS);
  await page.emulateMedia({ colorScheme: null });
  return [...inLight, ...inDark];
}

/** Not by a script of the page, which its policy would refuse; by Playwright's evaluate it takes twice as long. */
async function addAxe(page: Page): Promise<void> {
  if (await page.evaluate<boolean>('"axe" in window')) return;
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  await session.detach();
}

async function run(page: Page, colorScheme: 'light' | 'dark', options: object): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
  const { violations } = await page.evaluate<Results>(`axe.run(${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
