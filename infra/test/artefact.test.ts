import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type RunningPostgres } from '../../local/postgres/start-postgres.js';
import { findFreePorts } from '../../local/start/ports.js';
import { startTestS3, type TestS3 } from '../../test/local/s3-support.js';
import { queryOnce } from '../../test/support/query-once.js';
import { startProcess, type RunningProcess } from '../../test/support/start-process.js';
import { unpackArtefact, type Artefact } from './unpack-artefact.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const ROLES = ['web', 'worker', 'bot', 'mailer'];

let artefact: Artefact;
let postgres: RunningPostgres;
let dataDir: string;
let s3: TestS3;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'passalong-artefact-data-'));
  [artefact, postgres, s3] = await Promise.all([
    unpackArtefact(),
    startPostgres({ dataDir, port: 0, durable: false, database: 'passalong' }),
    startTestS3(),
  ]);
});

afterAll(async () => {
  await s3.remove();
  await postgres.close();
  for (const folder of [dataDir, path.dirname(artefact.folder)])
    await rm(folder, { recursive: true, force: true });
});

/** What stands in /etc/passalong/passalong.env, and nothing else: not even a PATH. */
const settings = (): Record<string, string> => ({
  NODE_ENV: 'production',
  DATABASE_URL: postgres.connectionString,
  READY_MARKS: 'queue',
  S3_BUCKET: 'files',
  S3_ENDPOINT: s3.url,
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  SMTP_URL: 'smtp://127.0.0.1:1',
  SMTP_FROM: 'share@portal.test',
  PORTAL_URL: 'https://portal.test',
  LINK_SECRET: 'a secret for tests, long enough to be one',
  SESSION_SECRET: 'a secret for tests, long enough to be one',
});

/** As systemd runs the unit, but for its user and its sandbox. */
function startUnit(role: string, env: Record<string, string> = {}): Promise<RunningProcess> {
  const { command = '', args = [], env: own } = artefact.units[role] ?? {};
  return startProcess(command, args, { cwd: '/', env: { ...settings(), ...own, ...env } });
}

function migrate(): Promise<{ stdout: string }> {
  const { command = '', args = [], env } = artefact.units['migrate'] ?? {};
  return promisify(execFile)(command, args, { cwd: '/', env: { ...settings(), ...env } });
}

test('the artefact has a version, says how large it is, and carries Node 24', async () => {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const said = await readFile(path.join(artefact.folder, 'VERSION'), 'utf8');
  expect(said.trim()).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}(\\+[0-9a-f]{12}(\\.dirty)?)?$`));
  expect(artefact.said).toContain(said.trim());
  const [, ownMib = ''] = /([\d.]+) MiB without Node/.exec(artefact.said) ?? [];
  expect(Number(ownMib)).toBeLessThan(150);
  const { stdout } = await promisify(execFile)(path.join(artefact.folder, 'bin/node'), ['--version']);
  expect(stdout).toMatch(/^v24\./);
  for (const name of ['on-ready', 'on-feedback']) {
    expect((await stat(path.join(artefact.folder, `dist/lambda/${name}.zip`))).size).toBeGreaterThan(0);
  }
  expect((await stat(path.join(artefact.folder, 'dist/query-compiler.wasm'))).size).toBeGreaterThan(0);
});

test('the packages that it carries are those that the product was tested with', async () => {
  const read = async (file: string) =>
    JSON.parse(await readFile(path.join(ROOT, file), 'utf8')) as PackageFile;
  const [product, runtime] = await Promise.all([
    read('package.json'),
    read('infra/artefact/runtime/package.json'),
  ]);
  expect(product.dependencies).toMatchObject(runtime.dependencies);
});

describe('with nothing but its own files', () => {
  test('it brings an empty database up to date once, however many do so at once, and says what it did', async () => {
    const said = (await Promise.all([migrate(), migrate()])).map(({ stdout }) => stdout);
    const first = said.filter((each) => each.startsWith('applied 2'));
    expect(first).toHaveLength(1);
    expect(first[0]).toMatch(/\nThe database is up to date\.\n$/);
    expect((await migrate()).stdout).toBe('The database was up to date.\n');
    expect(await queryOnce(postgres.connectionString, 'SELECT 1 FROM share')).toEqual([]);
  });

  test('its portal is healthy, and shows a page with all of its files', async () => {
    const [port = 0] = await findFreePorts(1);
    const portal = await startUnit('web', { PORT: String(port) });
    const url = `http://127.0.0.1:${port}`;
    for (const probe of ['/healthz', '/readyz']) expect((await fetch(url + probe)).status).toBe(200);
    const page = await fetch(`${url}/register`);
    expect(page.status).toBe(200);
    const assets = [...(await page.text()).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      ([, at = '']) => at,
    );
    expect(assets).not.toEqual([]);
    for (const asset of assets) expect((await fetch(url + asset)).status, asset).toBe(200);
    expect(await portal.end('SIGTERM'), portal.output()).toBe(0);
  });

  test.each(ROLES.filter((role) => role !== 'web'))('its %s starts, and ends in order', async (role) => {
    const process = await startUnit(role);
    expect(await process.end('SIGTERM'), process.output()).toBe(0);
    expect(process.output()).not.toMatch(/"level":50/);
  });

  test('a process without its settings names what is missing, in one piece', async () => {
    const { command = '', args = [] } = artefact.units['mailer'] ?? {};
    const { status, stderr } = spawnSync(command, args, { env: {}, encoding: 'utf8' });
    expect(status).toBe(1);
    for (const name of ['DATABASE_URL', 'SES_FROM or SMTP_URL', 'LINK_SECRET']) {
      expect(stderr).toContain(`${name} is missing`);
    }
  });
});

describe('its units', () => {
  test('are one for each role, and one that migrates', () => {
    expect(Object.keys(artefact.units).sort()).toEqual([...ROLES, 'migrate'].sort());
  });

  test.each([...ROLES, 'migrate'])('of %s can do nothing but its work', async (role) => {
    const text = await readFile(path.join(artefact.folder, `systemd/passalong-${role}.service`), 'utf8');
    const settings = Object.fromEntries(
      [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    expect(settings).toMatchObject({
      User: 'passalong',
      EnvironmentFile: '/etc/passalong/passalong.env',
      NoNewPrivileges: 'true',
      ProtectSystem: 'strict',
      ProtectHome: 'true',
      PrivateTmp: 'true',
      CapabilityBoundingSet: '',
      MemoryMax: expect.stringMatching(/^\d+M$/) as string,
    });
    if (role !== 'migrate') expect(settings).toMatchObject({ Restart: 'always', TimeoutStopSec: '60' });
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  const title = 'are right by systemd’s own check';
  test.skipIf(!hasSystemd)(hasSystemd ? title : `${title} (skipped: no systemd-analyze here)`, async () => {
    const copies = path.join(path.dirname(artefact.folder), 'units');
    await mkdir(copies);
    const files = await Promise.all(
      Object.keys(artefact.units).map(async (role) => {
        const file = path.join(copies, `passalong-${role}.service`);
        const text = await readFile(path.join(artefact.folder, 'systemd', path.basename(file)), 'utf8');
        // Nobody has made the user here.
        const here = text.replaceAll('/opt/passalong', artefact.folder).replaceAll('=passalong', '=root');
        await writeFile(file, here);
        return file;
      }),
    );
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
      encoding: 'utf8',
    });
    // What it only warns of does not change its exit code.
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

interface PackageFile {
  dependencies: Record<string, string>;
}
