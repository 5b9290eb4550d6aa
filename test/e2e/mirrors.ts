import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../local/demo/entrance.js';
import { discordPerson, type ChatFile } from '../support/chat-people.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { setStorage, storageOf } from '../support/set-storage.js';
import { sharedStack } from '../support/shared-stack.js';
import { runCommand, type TestStack } from '../support/start-stack.js';

let stack: TestStack;

beforeAll(() => {
  stack = sharedStack();
});

const run = (script: string, ...args: string[]) => runCommand(script, args, { DATA_DIR: stack.dataDir });

/** From Discord to the mail, and from its link to the bytes. @returns the address that served them */
async function shareAndDownload(email: string, file: ChatFile): Promise<string> {
  const ada = discordPerson(stack.urls.discord, '100100000000000001');
  await (await ada.share([file], email)).press('Send');
  const link = linkIn(await waitForMail(stack.urls.inbox, email));
  const page = await (await fetch(link)).text();
  const action = /action="([^"]+\/files\/[^"]+)"/.exec(page)?.[1] ?? '';
  const pressed = await fetch(new URL(action, link), { method: 'POST', redirect: 'manual' });
  const location = pressed.headers.get('location') ?? '';
  const downloaded = Buffer.from(await (await fetch(location)).arrayBuffer());
  expect(downloaded.equals(file.bytes)).toBe(true);
  return new URL(location).origin;
}

test.each(['mirror-1', 'the primary'])(
  'with %s down a share is accepted, mailed and downloaded, and its copy is made when it is back',
  async (member) => {
    const file = { name: 'plan.bin', bytes: randomBytes(50_000) };
    const other = member === 'mirror-1' ? 'the primary' : 'mirror-1';
    await setStorage(stack, member, 'down');
    const email = `${member.replace(' ', '.')}@example.com`;
    expect(await shareAndDownload(email, file)).toBe(storageOf(stack)[other]);
    const down = await run('storage.js', 'status', '--json');
    expect(down.code, down.output).toBe(1);
    await setStorage(stack, member, 'up');
    await waitFor('the copy', async () => {
      const owed = await stack.query('SELECT 1 FROM storage_repair');
      return owed.length === 0 || null;
    });
    const scrubbed = await run('storage.js', 'scrub', '--json');
    expect(scrubbed.code, scrubbed.output).toBe(0);
    expect(JSON.parse(scrubbed.output)).toMatchObject({ wrong: 0, missing: 0, unreachable: 0 });
  },
);
