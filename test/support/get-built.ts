import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');

let building: Promise<void> | undefined;

/**
 * The path of something under dist/, as it ships. Where a source is newer, dist/ is built first: once for a run of
 * Vitest, whose test files all ask its builder (`serveBuilds`), and once for a bench, which has none.
 * @throws Error with what the build said
 */
export async function getBuilt(name: string): Promise<string> {
  const builderUrl = process.env['TEST_BUILDER_URL'];
  await (builderUrl ? askBuilder(builderUrl) : (building ??= buildWhenStale()));
  return path.join(ROOT, 'dist', name);
}

/** A tenth of a second where there is nothing to build. @throws Error with what the build said */
export async function buildWhenStale(): Promise<void> {
  await promisify(execFile)(process.execPath, ['build.mjs', '--when-stale'], { cwd: ROOT });
}

async function askBuilder(url: string): Promise<void> {
  const response = await fetch(url);
  const said = await response.text();
  if (!response.ok) throw new Error(`dist/ could not be built: ${said}`);
}
