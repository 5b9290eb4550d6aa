import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Seeds an embedded database once for each build: migrations and the first account. What says that it is done lies
 * with the database and goes with it. A database elsewhere (`folder` is null) is looked at each time.
 */
export async function seedOnce(
  folder: string | null,
  scripts: string,
  seed: () => Promise<unknown>,
): Promise<void> {
  const build = await readFile(path.join(scripts, 'built'), 'utf8').catch(() => '');
  const done = folder && path.join(folder, 'seeded-by');
  if (done && build && (await readFile(done, 'utf8').catch(() => '')) === build) return;
  if (done) await rm(done, { force: true });
  await seed();
  if (done && build) await writeFile(done, build);
}
