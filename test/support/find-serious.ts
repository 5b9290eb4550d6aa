import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Results {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/** What axe calls serious or critical, each with where it is. The page's own policy has to be bypassed for it. */
export async function findSerious(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const { violations } = await page.evaluate<Results>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
