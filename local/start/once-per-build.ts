import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Does once for each build what lasts in `folder`: the seed of the database, the commands that Discord's double knows.
 * The file `stamp` there says that it is done, and goes with the folder. What lies elsewhere (`folder` is null) is done
 * each time.
 */
export async function oncePerBuild(
  { folder, stamp, scripts }: { folder: string | null; stamp: string; scripts: string },
  work: () => Promise<unknown>,
): Promise<void> {
  const build = await readFile(path.join(scripts, 'built'), 'utf8').catch(() => '');
  const done = folder && path.join(folder, stamp);
  if (done && build && (await readFile(done, 'utf8').catch(() => '')) === build) return;
  if (done) await rm(done, { force: true });
  await work();
  if (done && build) await writeFile(done, build);
}
