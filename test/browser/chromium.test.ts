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

/** Unpacks a program in two steps: after the first it says nothing. */
const IN_TWO_STEPS = `
import { appendFileSync } from 'node:fs';
const write = (text) => appendFileSync(process.env.TMPDIR + '/chromium', text);
write('#!/bin/sh\\n');
setTimeout(() => write('echo whole\\n'), 400);`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-chromium-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is handed out is whole, though others unpack it at the same time', async () => {
  const target = path.join(folder, 'browser');
  const said = [0, 200].map(async (delayMs) => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { stdout } = await promisify(execFile)(await unpackChromium(target, IN_TWO_STEPS));
    return stdout;
  });
  expect(await Promise.all(said)).toEqual(['whole\n', 'whole\n']);
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
