import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const SOURCES = ['adapters', 'bot', 'core', 'lambda', 'local', 'prisma', 'web', 'worker', 'build.mjs'];

/** The file that a build writes last. */
const LAST_BUILT = 'dist/assets/manifest.json';

/** Builds dist/ where a source is newer than it, so that one run builds once. @throws Error with what the build said */
export function buildWhenStale(root: string): void {
  const builtAt = statSync(path.join(root, LAST_BUILT), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (SOURCES.every((source) => newest(path.join(root, source)) <= builtAt)) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** What the build itself writes there does not count. */
function newest(file: string): number {
  const found = statSync(file);
  if (!found.isDirectory()) return found.mtimeMs;
  if (path.basename(file) === 'generated') return 0;
  return Math.max(0, ...readdirSync(file).map((name) => newest(path.join(file, name))));
}
