import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
let supervisor: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-supervisor-'));
  // As a service is while it waits for something: it answers nothing yet, least of all that its supervisor is gone.
  await writeFile(path.join(folder, 'service.mjs'), 'setInterval(() => {}, 1000);\nconsole.log("ready");\n');
  await writeFile(
    path.join(folder, 'supervisor.ts'),
    `import { createSupervisor } from ${JSON.stringify(path.resolve('local/start/supervisor.js'))};
    const supervisor = createSupervisor(import.meta.dirname, () => undefined);
    const script = import.meta.dirname + '/service.mjs';
    console.log((await supervisor.start({ name: 'service', script, env: {} })).pid);`,
  );
  const outfile = path.join(folder, 'supervisor.mjs');
  await build({
    entryPoints: [path.join(folder, 'supervisor.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  supervisor = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
});

afterAll(async () => {
  supervisor.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('a process whose supervisor is killed while it starts ends too', async () => {
  const [said] = supervisor.stdout ? ((await once(supervisor.stdout, 'data')) as [Buffer]) : [];
  const pid = Number(said);
  expect(isAlive(pid)).toBe(true);
  supervisor.kill('SIGKILL');
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const wasLeft = isAlive(pid);
  if (wasLeft) process.kill(pid, 'SIGKILL');
  expect(wasLeft).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
