import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

test('the process says where it is ready, answers, and on SIGTERM leaves with 0 and no files', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'discord-main-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const bundle = join(dataDir, 'main.mjs');
  const { build } = await import('esbuild');
  await build({
    entryPoints: ['local/discord/main.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  });
  const env = {
    ...process.env,
    LOCAL_DISCORD_PORT: '0',
    LOCAL_DISCORD_TOKEN: 't',
    LOCAL_DISCORD_APPLICATION_ID: '900000000000000001',
    LOCAL_DISCORD_DATA_DIR: dataDir,
  };
  const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = /^ready (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line.toString())?.[1];
    const state = await fetch(`${url ?? ''}/_control/state`);
    expect(await state.json()).toMatchObject({
      people: [{ username: 'ada' }, { username: 'grace' }, { username: 'alan' }],
    });
  } finally {
    child.kill('SIGTERM');
  }
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await readdir(dataDir)).toEqual(['main.mjs']);
});
