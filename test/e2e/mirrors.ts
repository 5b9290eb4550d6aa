import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../local/demo/entrance.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { setStorage, storageOf } from '../support/set-storage.js';
import { sharedStack } from '../support/shared-stack.js';
import { runCommand, type TestStack } from '../support/start-stack.js';

let stack: TestStack;

beforeAll(() => {
  stack = sharedStack();
});

const run = (script: string, ...args: string[]) => runCommand(script, args, { DATA_DIR: stack.dataDir });

/** From the terminal to the mail, and from its link to the bytes. @returns the address that served them */
async function shareAndDownload(email: string, file: string, bytes: Buffer): Promise<string> {
  const shared = await run('chat.js', '--yes', `/share ${email}`, file);
  expect(shared.code, shared.output).toBe(0);
  const link = linkIn(await waitForMail(stack.urls.inbox, email));
  const page = await (await fetch(link)).text();
  const action = /action="([^"]+\/files\/[^"]+)"/.exec(page)?.[1] ?? '';
  const pressed = await fetch(new URL(action, link), { method: 'POST', redirect: 'manual' });
  const location = pressed.headers.get('location') ?? '';
  const downloaded = Buffer.from(await (await fetch(location)).arrayBuffer());
  expect(downloaded.equals(bytes)).toBe(true);
  return new URL(location).origin;
}

test.each(['mirror-1', 'the primary'])(
  'with %s down a share is accepted, mailed and downloaded, and its copy is made when it is back',
  async (member) => {
    const bytes = randomBytes(50_000);
    const file = path.join(stack.dataDir, 'plan.bin');
    await writeFile(file, bytes);
    const other = member === 'mirror-1' ? 'the primary' : 'mirror-1';
    await setStorage(stack, member, 'down');
    const email = `${member.replace(' ', '.')}@example.com`;
    expect(await shareAndDownload(email, file, bytes)).toBe(storageOf(stack)[other]);
    const down = await run('storage.js', 'status', '--json');
    expect(down.code, down.output).toBe(1);
    await setStorage(stack, member, 'up');
    await waitFor('the copy', async () => {
      const owed = await stack.query('SELECT 1 FROM storage_repair');
      return owed.length === 0 || null;
    });
    const mended = await run('storage.js', 'status');
    expect(mended.code, mended.output).toBe(0);
    const scrubbed = await run('storage.js', 'scrub', '--json');
    expect(scrubbed.code, scrubbed.output).toBe(0);
    expect(JSON.parse(scrubbed.output)).toMatchObject({ wrong: 0, missing: 0, unreachable: 0 });
  },
);
