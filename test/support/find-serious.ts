import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Results {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/**
 * What axe calls serious or critical, each with where it is: of everything, or of the colours alone, which are all that
 * another scheme changes. The page's own policy has to be bypassed for it.
 */
export async function findSerious(
  page: Page,
  looksAt: 'everything' | 'colours' = 'everything',
): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const options = looksAt === 'colours' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {};
  const { violations } = await page.evaluate<Results>(`axe.run(${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
