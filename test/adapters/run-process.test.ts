import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;
let script: string;
let children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'run-process-'));
  script = path.join(folder, 'process.mjs');
  const entry = path.join(folder, 'process.ts');
  const from = (file: string): string => JSON.stringify(path.join(root, 'adapters', file));
  writeFileSync(
    entry,
    `import { createLogger } from ${from('logger.ts')};
    import { announceReady, stopOnSignal } from ${from('run-process.ts')};
    const log = createLogger('test', 'info');
    stopOnSignal(log, async () => log.info({}, 'closing'));
    setInterval(() => log.info({}, 'working'), 5);
    announceReady();
    for (let line = 0; line < Number(process.argv[2]); line += 1) log.info({ line }, 'x'.repeat(1000));`,
  );
  const banner = {
    js: `import{createRequire}from"node:module";const require=createRequire(${JSON.stringify(`${root}/x.js`)});`,
  };
  buildSync({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner,
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});

/** A process with a supervisor, ready, which has logged so many lines of a kilobyte. */
async function start(lines = 0): Promise<ChildProcess> {
  const child = fork(script, [String(lines)], { silent: true });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

/** What it ended with; nothing when it still ran after some seconds. */
async function ending(child: ChildProcess): Promise<string> {
  const exited = once(child, 'exit').then(([code, signal]) => `exit ${String(code ?? signal)}`);
  const late = new Promise<string>((resolve) => setTimeout(resolve, 6_000, 'it runs still').unref());
  return Promise.race([exited, late]);
}

test('a process whose supervisor was killed ends, though nobody reads what it says, every time', async () => {
  const started = await Promise.all(Array.from({ length: 6 }, () => start()));
  const endings = started.map(async (child) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.disconnect();
    return ending(child);
  });
  expect(await Promise.all(endings)).toEqual(started.map(() => 'exit 0'));
});

test('a process whose reader is there and reads no more ends too, when it is asked to', async () => {
  const child = await start(2_000);
  child.stdout?.pause();
  child.kill('SIGTERM');
  expect(await ending(child)).toBe('exit 0');
});
