import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'logger-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What a process that runs this code writes to stdout, a line each. */
function linesOf(code: string): Record<string, unknown>[] {
  const entry = path.join(folder, 'entry.ts');
  const outfile = path.join(folder, 'entry.mjs');
  const imports = ['adapters/logger.ts', 'core/errors.ts'].map((file) =>
    JSON.stringify(path.join(root, file)),
  );
  writeFileSync(
    entry,
    `import { createLogger } from ${imports[0]}; import { AppError } from ${imports[1]};
     const log = createLogger('test', 'info'); ${code}`,
  );
  const banner = {
    js: `import{createRequire}from"node:module";const require=createRequire(${JSON.stringify(`${root}/x.js`)});`,
  };
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', banner });
  const output = execFileSync(process.execPath, [outfile], { encoding: 'utf8' });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is JSON, with a time, a name and its fields, whatever they hold', () => {
  const lines = linesOf(`
    log.info({ shareId: 'a\\n{"level":60}' }, 'share accepted');
    log.child({ job: 'sweep' }).warn({}, 'x');`);
  expect(lines).toMatchObject([
    { name: 'test', msg: 'share accepted', shareId: 'a\n{"level":60}', level: 30 },
    { job: 'sweep', level: 40 },
  ]);
  expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('secrets and addresses stand in no line, at the top or one level down', () => {
  const lines = linesOf(`
    const fields = { password: 'S1', token: 'S2', authorization: 'S3', cookie: 'S4', email: 'S5', emails: ['S6'],
      recipients: ['S7'], fileName: 'S8', replyHandle: 'S9' };
    log.info(fields, 'top');
    log.info({ body: fields }, 'below');
    log.child({ token: 'S10' }).info({}, 'child');`);
  expect(JSON.stringify(lines)).not.toMatch(/S\\d/);
  expect(lines[0]?.['password']).toBe('[redacted]');
});

test('an error keeps its type, code and cause, without addresses, tokens or the values of a query', () => {
  const [ours, prisma, odd, named] = linesOf(`
    const token = 'A'.repeat(22) + '.' + 'B'.repeat(43);
    const cause = new Error('connect to postgres://app:hunter2@db/x for ann@x.org at https://p.test/l/' + token + ' failed');
    cause.$metadata = { requestId: 'S3REQUEST' };
    log.error({ err: new AppError('unavailable', 'storage.unavailable', {}, { cause }) }, 'x');
    const query = new Error("\\nInvalid \`db.account.create()\` invocation in\\n/app/x.ts:1:1\\n\\n  data: { passwordHash: '$argon2id$S', name: 'SECRET' }\\n\\nUnique constraint failed");
    query.name = 'PrismaClientKnownRequestError';
    log.error({ err: Object.assign(query, { code: 'P2002' }) }, 'x');
    log.error({ err: 'text' }, 'x');
    log.warn({ err: new AppError('gone', 'file.deleted', { name: 'salaries.xls', platform: 'Slack' }) }, 'x');`);
  expect(ours?.['err']).toMatchObject({
    type: 'AppError',
    code: 'storage.unavailable',
    kind: 'unavailable',
    cause: { type: 'Error', requestId: 'S3REQUEST' },
  });
  expect(JSON.stringify(ours)).not.toMatch(/ann@|hunter2|AAAA|BBBB/);
  expect(prisma?.['err']).toMatchObject({ type: 'PrismaClientKnownRequestError', code: 'P2002' });
  expect(JSON.stringify(prisma)).not.toMatch(/argon2id|SECRET/);
  expect(JSON.stringify(prisma)).toContain('Unique constraint failed');
  expect(named?.['err']).toMatchObject({ kind: 'gone', code: 'file.deleted' });
  expect(JSON.stringify(named)).not.toContain('salaries');
  expect(odd?.['err']).toEqual({ message: 'not an Error', type: 'string' });
});

test('an error that is its own cause ends', () => {
  const [line] = linesOf(
    `const error = new Error('loop'); error.cause = error; log.error({ err: error }, 'x');`,
  );
  expect(line?.['msg']).toBe('x');
});
