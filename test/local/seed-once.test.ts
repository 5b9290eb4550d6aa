import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seedOnce } from '../../local/start/seed-once.js';

let scripts: string;
let database: string;
let seeds: number;

beforeEach(async () => {
  scripts = await mkdtemp(path.join(tmpdir(), 'seed-once-'));
  database = await mkdtemp(path.join(tmpdir(), 'seed-once-'));
  await writeFile(path.join(scripts, 'built'), 'one build');
  seeds = 0;
});

afterEach(async () => {
  for (const folder of [scripts, database]) await rm(folder, { recursive: true, force: true });
});

const seed = async (): Promise<void> => {
  seeds += 1;
};

test('a database is seeded once by one build, and again by another', async () => {
  await seedOnce(database, scripts, seed);
  await seedOnce(database, scripts, seed);
  expect(seeds).toBe(1);
  await writeFile(path.join(scripts, 'built'), 'another build');
  await seedOnce(database, scripts, seed);
  expect(seeds).toBe(2);
});

test('a new database, one elsewhere and an unfinished build are seeded each time', async () => {
  await seedOnce(database, scripts, seed);
  await rm(path.join(database, 'seeded-by'));
  await seedOnce(database, scripts, seed);
  await seedOnce(null, scripts, seed);
  await seedOnce(null, scripts, seed);
  await rm(path.join(scripts, 'built'));
  await seedOnce(database, scripts, seed);
  await seedOnce(database, scripts, seed);
  expect(seeds).toBe(6);
});

test('a seed that fails is tried again at the next start', async () => {
  const failing = (): Promise<void> => Promise.reject(new Error('no'));
  await seedOnce(database, scripts, seed);
  await writeFile(path.join(scripts, 'built'), 'another build');
  await expect(seedOnce(database, scripts, failing)).rejects.toThrow('no');
  await seedOnce(database, scripts, seed);
  expect(seeds).toBe(2);
});
