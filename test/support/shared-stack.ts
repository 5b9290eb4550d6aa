import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { openBrowser } from './open-browser.js';
import { startStack, type TestStack } from './start-stack.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

let shared: TestStack | undefined;
let browser: Promise<Browser> | undefined;

/** One `npm start` for all tests of a file, on a database of its own: it takes longer to start than most of them. */
export function shareStack(settings: () => Promise<Record<string, string>>): void {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    shared = await startStack({
      env: { DATABASE_URL: database.connectionString, ...(await settings()) },
    });
  });

  afterAll(async () => {
    await (await browser)?.close();
    browser = undefined;
    const ended = await shared?.stop();
    shared = undefined;
    await database.drop();
    expect(ended?.leftovers).toEqual([]);
  });
}

/** What the running file shares. @throws Error where it has called `shareStack` not at all, or its start failed */
export function sharedStack(): TestStack {
  if (!shared) throw new Error('No stack is running: a test file starts one by shareStack().');
  return shared;
}

/** The one browser of the running file, for visitors of each part of it: a second more for each that is started. */
export function sharedBrowser(): Promise<Browser> {
  return (browser ??= openBrowser());
}
