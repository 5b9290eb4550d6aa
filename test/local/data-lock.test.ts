import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from '../../local/start/data-lock.js';

// nobody, on Debian and everywhere else.
const NOBODY = { uid: 65_534, gid: 65_534 };

let folder: string;
let dataDir: string;
let running: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-lock-'));
  dataDir = path.join(folder, 'data');
  await mkdir(dataDir);
  // As npm start shows itself to others.
  const script = path.join(folder, 'start.js');
  await writeFile(script, 'console.log("up"); setInterval(() => {}, 1000);');
  running = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (running.stdout) await once(running.stdout, 'data');
});

afterEach(async () => {
  running.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('a folder is refused while a start that has it lives, and taken over afterwards', async () => {
  await writeFile(path.join(dataDir, 'running.pid'), String(running.pid));
  await expect(lockDataDir(dataDir)).rejects.toThrow(
    `Passalong is running on ${dataDir} already (process ${running.pid}).`,
  );
  running.kill('SIGKILL');
  await once(running, 'exit');
  const lock = await lockDataDir(dataDir);
  expect(await readFile(path.join(dataDir, 'running.pid'), 'utf8')).toBe(String(process.pid));
  await lock.release();
});

test('a folder is taken over where another program has the number of a start that was killed', async () => {
  await writeFile(path.join(dataDir, 'running.pid'), '1');
  const lock = await lockDataDir(dataDir);
  await lock.release();
});

// Only root can run as somebody else.
test.runIf(process.getuid?.() === 0)(
  'a folder is refused while the start of another user has it',
  async () => {
    await writeFile(path.join(dataDir, 'running.pid'), String(running.pid));
    await chmod(folder, 0o755);
    await chmod(dataDir, 0o777);
    await writeFile(
      path.join(folder, 'lock.ts'),
      `import { lockDataDir } from ${JSON.stringify(path.resolve('local/start/data-lock.js'))};
    await lockDataDir(${JSON.stringify(dataDir)}).then(() => console.log('taken'), (error) => console.log(error.message));`,
    );
    const outfile = path.join(folder, 'lock.mjs');
    const entryPoints = [path.join(folder, 'lock.ts')];
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { ...NOBODY, cwd: folder });
    expect(stdout).toBe(
      `Passalong is running on ${dataDir} already (process ${running.pid}). Stop that one, or set another DATA_DIR.\n`,
    );
  },
);
