import { spawnSync } from 'node:child_process';

/** Builds dist/ where a source is newer than it, so that one run builds once. @throws Error with what the build said */
export function buildWhenStale(root: string): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['build.mjs', '--when-stale'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}
