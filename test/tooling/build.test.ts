import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passalong-build-'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await write('package.json', '{ "type": "module" }');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the build', () => {
  test('bundles each process under its own name, and the bundle runs', async () => {
    await write('core/word.ts', "export const word: string = 'bundled';");
    await write(
      'worker/main.ts',
      "import pg from 'pg';\nimport { word } from '../core/word.js';\nconsole.log(word, typeof pg.Pool);",
    );
    await write('worker/cli/storage.ts', 'console.log(1);');
    await write('local/s3/main.ts', 'console.log(2);');
    await write('local/lambda/bootstrap.mjs', 'console.log(3);');
    const { stdout } = await build();
    expect(stdout).toMatch(/^built 3 entry points in \d+ ms\n$/);
    expect((await run(process.execPath, ['dist/worker.js'], { cwd: directory })).stdout).toBe(
      'bundled function\n',
    );
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
    await write(
      'worker/main.ts',
      [
        'const tag = (parts: TemplateStringsArray): string => parts.join();',
        '/** Kept by the bundler: “so”. */',
        'console.log(tag`Sending… \\\\… \\… 🎉`, /^[，\\“🎉]+$/.test("，“🎉"), "”");',
      ].join('\n'),
    );
    await build();
    expect(await readFile(join(directory, 'dist/worker.js'), 'utf8')).not.toMatch(/[\u0100-\uffff]/);
    const { stdout } = await run(process.execPath, ['dist/worker.js'], { cwd: directory });
    expect(stdout).toBe('Sending… \\… … 🎉 true ”\n');
  });

  test('keeps the query compiler of Prisma out of the bundles, which find it beside them and from below', async () => {
    const compiler = '@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.mjs';
    const probe = `const { wasm } = await import('${compiler}');
      console.log(WebAssembly.validate(Buffer.from(wasm, 'base64')));`;
    for (const path of ['worker/main.ts', 'worker/cli/storage.ts']) await write(path, probe);
    await build();
    for (const name of ['worker.js', 'cli/storage.js']) {
      const bundle = join(directory, 'dist', name);
      expect((await readFile(bundle)).length).toBeLessThan(10_000);
      expect((await run(process.execPath, [bundle])).stdout).toBe('true\n');
    }
    expect((await readdir(join(directory, 'dist'))).filter((name) => name.endsWith('.wasm'))).toEqual([
      'query-compiler.wasm',
    ]);
  });

  test('leaves out the tables of encodings that Express refuses: what it is sent in one gets 415', async () => {
    await write(
      'web/main.ts',
      `import express from 'express';
      const app = express().post('/', express.text(), (request, response) => response.send(request.body));
      const server = app.listen(0, '127.0.0.1', async () => {
        for (const charset of ['utf-8', 'iso-8859-1', 'gbk', 'shift_jis']) {
          const headers = { 'content-type': \`text/plain; charset=\${charset}\` };
          const url = \`http://127.0.0.1:\${server.address().port}\`;
          console.log(charset, (await fetch(url, { method: 'POST', headers, body: 'text' })).status);
        }
        server.close();
      });`,
    );
    await build();
    const { stdout } = await run(process.execPath, ['dist/web.js'], { cwd: directory });
    expect(stdout).toBe('utf-8 200\niso-8859-1 200\ngbk 415\nshift_jis 415\n');
  });

  test('zips a Lambda as one readable file beside the certificates of RDS, the same bytes each time and in each time zone', async () => {
    await write('lambda/on-ready/handler.ts', 'export const handler = (): number => 42;');
    await build({ TZ: 'Asia/Tokyo' });
    const zip = await readFile(join(directory, 'dist/lambda/on-ready.zip'));
    await build({ TZ: 'America/New_York' });
    expect(zip.equals(await readFile(join(directory, 'dist/lambda/on-ready.zip')))).toBe(true);
    expect(Object.keys(unzipSync(zip))).toEqual(['index.mjs', 'rds-ca.pem']);
    const bundle = (await import(join(directory, 'dist/lambda/on-ready/index.mjs'))) as { handler(): number };
    expect(bundle.handler()).toBe(42);
  });

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

  test("lets a Lambda mention Prisma's types", async () => {
    await write('prisma/generated/client.ts', 'export class PrismaClient {}');
    await write(
      'lambda/on-ready/handler.ts',
      "import type { PrismaClient } from '../../prisma/generated/client.js';\nexport type P = PrismaClient;",
    );
    expect((await build()).stderr).toBe('');
  });

  test('fingerprints the files of the browser and lists them in a manifest', async () => {
    await write('web/browser/upload.ts', "document.title = 'one';");
    await write('web/assets/site.css', "body { background: url('./logo.svg') }");
    await write('web/assets/logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await build();
    const before = await manifest();
    expect(Object.keys(before).sort()).toEqual(['logo.svg', 'site.css', 'upload.js']);
    for (const name of Object.values(before)) expect(name).toMatch(/^[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/);
    expect(await readFile(join(directory, 'dist/assets', before['site.css'] ?? ''), 'utf8')).toContain(
      before['logo.svg'],
    );

    await write('web/browser/upload.ts', "document.title = 'two';");
    await build();
    const after = await manifest();
    expect(after['upload.js']).not.toBe(before['upload.js']);
    expect(after['site.css']).toBe(before['site.css']);
    expect(await readdir(join(directory, 'dist/assets'))).not.toContain(before['upload.js']);
  });

  test('says in one line that dist cannot be written, before it takes anything away', async () => {
    await write('worker/main.ts', 'console.log(1);');
    await build();
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
    expect((await run(process.execPath, ['dist/web.js'], { cwd: directory })).stdout).toBe('fresh\n');
  });
});

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
