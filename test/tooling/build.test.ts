import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
let directory: string;

async function makeProject(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'passalong-build-'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await write('package.json', '{ "type": "module" }');
}

const removeProject = (): Promise<void> => rm(directory, { recursive: true, force: true });

/** One project for what a build makes: the build takes longer than the tests. */
const sources = {
  'core/word.ts': "export const word: string = 'bundled';",
  'worker/main.ts':
    "import pg from 'pg';\nimport { word } from '../core/word.js';\nconsole.log(word, typeof pg.Pool);",
  'local/s3/main.ts': 'console.log(2);',
  'local/lambda/bootstrap.mjs': 'console.log(3);',
  'bot/main.ts': [
    'const tag = (parts: TemplateStringsArray): string => parts.join();',
    '/** Kept by the bundler: “so”. */',
    'console.log(tag`Sending… \\\\… \\… 🎉`, /^[，\\“🎉]+$/.test("，“🎉"), "”");',
  ].join('\n'),
  ...Object.fromEntries(
    ['prisma/seed.ts', 'worker/cli/storage.ts'].map((path) => [
      path,
      `const { wasm } = await import('@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.mjs');
      console.log(WebAssembly.validate(Buffer.from(wasm, 'base64')));`,
    ]),
  ),
  'web/main.ts': `import express from 'express';
    const app = express().post('/', express.text(), (request, response) => response.send(request.body));
    const server = app.listen(0, '127.0.0.1', async () => {
      for (const charset of ['utf-8', 'iso-8859-1', 'gbk', 'shift_jis']) {
        const headers = { 'content-type': \`text/plain; charset=\${charset}\` };
        const url = \`http://127.0.0.1:\${server.address().port}\`;
        console.log(charset, (await fetch(url, { method: 'POST', headers, body: 'text' })).status);
      }
      server.close();
    });`,
  'prisma/generated/client.ts': 'export class PrismaClient {}',
  'lambda/on-ready/handler.ts':
    "import type { PrismaClient } from '../../prisma/generated/client.js';\n" +
    'export const handler = (client?: PrismaClient): number => (client ? 1 : 42);',
  'web/browser/upload.ts': "document.title = 'one';",
  'web/assets/site.css': "body { background: url('./logo.svg') }",
  'web/assets/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};

describe('the build', () => {
  let built: { stdout: string; stderr: string };

  beforeAll(async () => {
    await makeProject();
    for (const [path, text] of Object.entries(sources)) await write(path, text);
    built = await build({ TZ: 'Asia/Tokyo' });
  });

  afterAll(removeProject);

  test('bundles each process under its own name, and the bundle runs', async () => {
    expect(built.stdout).toMatch(/^built 10 entry points in \d+ ms\n$/);
    expect(await outputOf('worker.js')).toBe('bundled function\n');
    const files = await readdir(join(directory, 'dist'), { recursive: true });
    expect(files).toEqual(
      expect.arrayContaining([
        'worker.js',
        'worker.js.map',
        'cli/storage.js',
        'local/s3.js',
        'local/bootstrap.mjs',
      ]),
    );
  });

  test('writes a process so that V8 keeps one byte a character, and it says the same', async () => {
    expect(await readFile(join(directory, 'dist/bot.js'), 'utf8')).not.toMatch(/[\u0100-\uffff]/);
    expect(await outputOf('bot.js')).toBe('Sending… \\… … 🎉 true ”\n');
  });

  test('keeps the query compiler of Prisma out of the bundles, which find it beside them and from below', async () => {
    for (const name of ['seed.js', 'cli/storage.js']) {
      expect((await readFile(join(directory, 'dist', name))).length).toBeLessThan(10_000);
      expect(await outputOf(name)).toBe('true\n');
    }
    expect((await readdir(join(directory, 'dist'))).filter((name) => name.endsWith('.wasm'))).toEqual([
      'query-compiler.wasm',
    ]);
  });

  test('leaves out the tables of encodings that Express refuses: what it is sent in one gets 415', async () => {
    expect(await outputOf('web.js')).toBe('utf-8 200\niso-8859-1 200\ngbk 415\nshift_jis 415\n');
  });

  test("zips a Lambda, which may mention Prisma's types, as one readable file beside the certificates of RDS", async () => {
    expect(built.stderr).toBe('');
    const zip = await readFile(join(directory, 'dist/lambda/on-ready.zip'));
    expect(Object.keys(unzipSync(zip))).toEqual(['index.mjs', 'rds-ca.pem']);
    const bundle = (await import(join(directory, 'dist/lambda/on-ready/index.mjs'))) as { handler(): number };
    expect(bundle.handler()).toBe(42);
  });

  test('fingerprints the files of the browser and lists them in a manifest', async () => {
    const names = await manifest();
    expect(Object.keys(names).sort()).toEqual(['logo.svg', 'site.css', 'upload.js']);
    for (const name of Object.values(names)) expect(name).toMatch(/^[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/);
    expect(await readFile(join(directory, 'dist/assets', names['site.css'] ?? ''), 'utf8')).toContain(
      names['logo.svg'],
    );
  });

  test('gives what changed another name, and zips a Lambda to the same bytes in another time zone', async () => {
    const before = await manifest();
    const zip = await readFile(join(directory, 'dist/lambda/on-ready.zip'));
    await write('web/browser/upload.ts', "document.title = 'two';");
    await build({ TZ: 'America/New_York' });
    const after = await manifest();
    expect(after['upload.js']).not.toBe(before['upload.js']);
    expect(after['site.css']).toBe(before['site.css']);
    expect(await readdir(join(directory, 'dist/assets'))).not.toContain(before['upload.js']);
    expect(zip.equals(await readFile(join(directory, 'dist/lambda/on-ready.zip')))).toBe(true);
  });
});

describe('a build', () => {
  beforeEach(makeProject);
  afterEach(removeProject);

  test('refuses a Lambda that loads Prisma, and names the imports that lead there', async () => {
    await write('prisma/generated/client.ts', 'export class PrismaClient {}');
    await write('core/db.ts', "export * from '../prisma/generated/client.js';");
    await write(
      'lambda/on-ready/handler.ts',
      "import { PrismaClient } from '../../core/db.js';\nexport const handler = PrismaClient;",
    );
    const refusal = await build().catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 1,
      stderr:
        'lambda/on-ready/handler.ts must not load Prisma: lambda/on-ready/handler.ts → core/db.ts → prisma/generated/client.ts\n',
    });
  });

  test('says in one line that dist cannot be written, before it takes anything away', async () => {
    await write('worker/main.ts', 'console.log(1);');
    await write('dist/worker.js', 'console.log(0);');
    await chmod(join(directory, 'dist'), 0o555);
    await chmod(directory, 0o555);
    const refusal = await buildAsOrdinaryUser().catch((error: unknown) => error);
    await chmod(directory, 0o755);
    await chmod(join(directory, 'dist'), 0o755);
    expect(refusal).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'The build in dist is missing or older than its sources, and dist cannot be written (EACCES). ' +
        'Run "npm run build" as somebody who may.\n',
    });
    expect(await readdir(join(directory, 'dist'))).toContain('worker.js');
  });

  test('generates the Prisma client when the schema is newer', async () => {
    await write(
      'prisma/prisma.mjs',
      "import { cpSync } from 'node:fs';\ncpSync('fresh.ts', 'prisma/generated/client.ts');",
    );
    await write('fresh.ts', "export const client = 'fresh';");
    await write('prisma/schema.prisma', '');
    await write(
      'web/main.ts',
      "import { client } from '../prisma/generated/client.js';\nconsole.log(client);",
    );
    await build();
    expect(await outputOf('web.js')).toBe('fresh\n');
  });
});

/** What a bundle prints. */
async function outputOf(name: string): Promise<string> {
  return (await run(process.execPath, [join('dist', name)], { cwd: directory })).stdout;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), `${text}\n`);
}

function build(env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [join(root, 'build.mjs')], {
    cwd: directory,
    env: { ...process.env, ...env },
  });
}

/** Root may write whatever the mode says. */
function buildAsOrdinaryUser(): Promise<{ stdout: string; stderr: string }> {
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  return run(process.execPath, [join(root, 'build.mjs')], { cwd: directory, ...user });
}

async function manifest(): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(directory, 'dist/assets/manifest.json'), 'utf8')) as Record<
    string,
    string
  >;
}
