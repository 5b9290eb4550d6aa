import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeTar } from '../../infra/artefact/write-tar.mjs';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-tar-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function add(name: string, at: string, bytes: number, isExecutable = false) {
  const source = path.join(folder, name);
  await writeFile(source, Buffer.alloc(bytes, name));
  return { path: at, source, sizeBytes: bytes, isExecutable };
}

test('a tar is the same bytes whenever its files were written and in whatever order they are named', async () => {
  const files = [await add('one', 'b/one', 1_000), await add('two', 'a/two', 512, true)];
  await writeTar(path.join(folder, '1.tar.gz'), files);
  await utimes(files[0]?.source ?? '', 1, 1);
  await writeTar(path.join(folder, '2.tar.gz'), files.toReversed());
  const [first, second] = await Promise.all(
    ['1', '2'].map((name) => readFile(path.join(folder, `${name}.tar.gz`))),
  );
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
});

test('tar itself finds every file, empty ones and long paths too, with its bytes and its right to be run', async () => {
  const long = `${'folder/'.repeat(20)}file`;
  const target = path.join(folder, 'all.tar.gz');
  await writeTar(target, [
    await add('run', 'bin/run', 70_000, true),
    await add('empty', 'empty', 0),
    await add('long', long, 513),
  ]);
  const list = execFileSync('tar', ['-tvzf', target], { encoding: 'utf8' });
  expect(list.trim().split('\n')).toEqual([
    expect.stringMatching(/^-rwxr-xr-x root\/root +70000 1980-01-01 .* bin\/run$/),
    expect.stringMatching(/^-rw-r--r-- root\/root +0 1980-01-01 .* empty$/),
    expect.stringMatching(new RegExp(`^-rw-r--r-- root/root +513 1980-01-01 .* ${long}$`)),
  ]);
  const bytes = execFileSync('tar', ['-xOzf', target, 'bin/run']);
  expect(bytes.equals(await readFile(path.join(folder, 'run')))).toBe(true);
});

test('a file that changes while it is packed, or whose path no tar can hold, is an error', async () => {
  const target = path.join(folder, 'all.tar.gz');
  const file = await add('one', 'one', 10);
  await expect(writeTar(target, [{ ...file, sizeBytes: 9 }])).rejects.toThrow('changed while it was packed');
  await expect(writeTar(target, [{ ...file, path: 'x'.repeat(101) }])).rejects.toThrow('too long for a tar');
});
