import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../support/open-browser.js';
import { locateChromium, unpackChromium } from '../support/chromium.js';

// What npm has is for Linux x64; elsewhere CHROME_PATH names another.
const isHere = process.platform === 'linux' && process.arch === 'x64';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-chromium-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.runIf(isHere)('three that want a browser at the same time unpack one, which runs', async () => {
  const target = path.join(folder, 'browser');
  const paths = await Promise.all([1, 2, 3].map(() => unpackChromium(target)));
  expect(new Set(paths)).toEqual(new Set([path.join(target, 'chromium')]));
  expect(await readdir(folder)).toEqual(['browser']);
  const { stdout } = await promisify(execFile)(paths[0] ?? '', ['--version', '--no-sandbox']);
  expect(stdout).toMatch(/Chrom/);
});

test.runIf(isHere)(
  'the browser of the tests belongs to this checkout, and is not the one in /tmp',
  async () => {
    expect(await locateChromium()).toMatch(new RegExp(`^${process.cwd()}/node_modules/`));
    const browser = await openBrowser();
    expect(browser.version()).toMatch(/^\d+\./);
    await browser.close();
  },
);
