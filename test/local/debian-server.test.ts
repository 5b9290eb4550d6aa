import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../local/demo/entrance.js';
import { startDebianServer } from '../../local/start/debian-server.js';
import { isAlive } from '../support/process-tree.js';
import { runCommand } from '../support/start-stack.js';
import { getBuilt } from '../support/get-built.js';

const SERVER = ['-c', 'echo up; exec sleep 600'] as const;
const isUp = (said: string): boolean => said.includes('up');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-debian-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a server that is not installed, or ends before it is ready, is an error with what it said', async () => {
  await expect(startDebianServer('no-such-server', [], isUp)).rejects.toThrow(
    'no-such-server did not start:',
  );
  const fails = ['-c', 'echo the port is taken >&2; exit 1'];
  await expect(startDebianServer('sh', fails, isUp)).rejects.toThrow('sh did not start:\nthe port is taken');
});

test('a server ends when it is closed, and with the process that started it, however that ends', async () => {
  const server = await startDebianServer('sh', SERVER, isUp);
  expect(isAlive(server.pid)).toBe(true);
  await server.close();
  expect(isAlive(server.pid)).toBe(false);

  await writeFile(
    path.join(folder, 'owner.ts'),
    `import { startDebianServer } from ${JSON.stringify(path.resolve('local/start/debian-server.js'))};
    const server = await startDebianServer('sh', ${JSON.stringify(SERVER)}, (said) => said.includes('up'));
    console.log('pid', server.pid);`,
  );
  const outfile = path.join(folder, 'owner.mjs');
  const entryPoints = [path.join(folder, 'owner.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  const owner = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  owner.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const pid = await waitFor('the server', async () => Number(/pid (\d+)/.exec(said)?.[1]) || null);
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await waitFor('its end', async () => !isAlive(pid) || null);
});

test('npm run cluster says in one line what to install', async () => {
  await getBuilt('cluster.js');
  const { code, output } = await runCommand('cluster.js', [], { PATH: '/nowhere', DATA_DIR: folder });
  expect(code).toBe(1);
  expect(output.trim()).toMatch(
    /^npm run cluster needs what is not here: sudo apt-get install --no-install-recommends .*redis-server$/,
  );
});
