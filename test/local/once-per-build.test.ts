import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { oncePerBuild } from '../../local/start/once-per-build.js';

let scripts: string;
let folder: string;
let times: number;

beforeEach(async () => {
  scripts = await mkdtemp(path.join(tmpdir(), 'once-per-build-'));
  folder = await mkdtemp(path.join(tmpdir(), 'once-per-build-'));
  await writeFile(path.join(scripts, 'built'), 'one build');
  times = 0;
});

afterEach(async () => {
  for (const made of [scripts, folder]) await rm(made, { recursive: true, force: true });
});

const inFolder = () => ({ folder, stamp: 'done-by', scripts });
const work = async (): Promise<void> => {
  times += 1;
};

test('work is done once by one build, and again by another', async () => {
  await oncePerBuild(inFolder(), work);
  await oncePerBuild(inFolder(), work);
  expect(times).toBe(1);
  await writeFile(path.join(scripts, 'built'), 'another build');
  await oncePerBuild(inFolder(), work);
  expect(times).toBe(2);
});

test('in a new folder, elsewhere and by an unfinished build it is done each time', async () => {
  await oncePerBuild(inFolder(), work);
  await rm(path.join(folder, 'done-by'));
  await oncePerBuild(inFolder(), work);
  await oncePerBuild({ ...inFolder(), folder: null }, work);
  await oncePerBuild({ ...inFolder(), folder: null }, work);
  await rm(path.join(scripts, 'built'));
  await oncePerBuild(inFolder(), work);
  await oncePerBuild(inFolder(), work);
  expect(times).toBe(6);
});

test('work that fails is tried again at the next start', async () => {
  const failing = (): Promise<void> => Promise.reject(new Error('no'));
  await oncePerBuild(inFolder(), work);
  await writeFile(path.join(scripts, 'built'), 'another build');
  await expect(oncePerBuild(inFolder(), failing)).rejects.toThrow('no');
  await oncePerBuild(inFolder(), work);
  expect(times).toBe(2);
});
