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

test.runIf(isHere)('what is handed out runs at once, though others unpack it at the same time', async () => {
  const target = path.join(folder, 'browser');
  const versions = [0, 500].map(async (delayMs) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { stdout } = await promisify(execFile)(await unpackChromium(target), ['--version', '--no-sandbox']);
    return stdout;
  });
  const [first, second] = await Promise.all(versions);
  expect(first).toMatch(/Chrom/);
  expect(second).toBe(first);
  expect(await readdir(folder)).toEqual(['browser']);
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
