import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../local/demo/entrance.js';
import { linkIn, waitForMail } from '../support/inbox.js';
import { makeDataDir, runCommand, startStack, type TestStack } from '../support/start-stack.js';

let stack: TestStack;
let dataDir: string;

beforeAll(async () => {
  dataDir = await makeDataDir();
  stack = await startStack({ dataDir, env: { S3_MIRRORS: '1', LEASE_SECONDS: '4' } });
});

afterAll(async () => {
  const { leftovers } = await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
  expect(leftovers).toEqual([]);
});

const run = (script: string, ...args: string[]) => runCommand(script, args, { DATA_DIR: dataDir });

/** Where a member's storage listens. */
function addressOf(member: string): string {
  const { S3_ENDPOINT = '', S3_MIRROR_BUCKETS = '[]' } = stack.productEnv;
  const mirrors = JSON.parse(S3_MIRROR_BUCKETS) as { name: string; endpoint: string }[];
  return mirrors.find(({ name }) => name === member)?.endpoint ?? S3_ENDPOINT;
}

/** Every request to the member fails, or none any more. The supervisor would start a killed one again. */
async function setDown(member: string, isDown: boolean): Promise<void> {
  const faults = { failBuckets: isDown ? { passalong: 'down' } : {} };
  const { status } = await fetch(`${addressOf(member)}/_control/faults`, {
    method: 'PUT',
    body: JSON.stringify(faults),
  });
  expect(status).toBe(200);
}

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
    const bytes = randomBytes(2_000_000);
    const file = path.join(dataDir, 'plan.bin');
    await writeFile(file, bytes);
    const other = member === 'mirror-1' ? addressOf('the primary') : addressOf('mirror-1');
    await setDown(member, true);
    expect(await shareAndDownload(`${member.replace(' ', '.')}@example.com`, file, bytes)).toBe(other);
    const down = await run('storage.js', 'status', '--json');
    expect(down.code, down.output).toBe(1);
    await setDown(member, false);
    await waitFor('the copy', async () =>
      (await run('storage.js', 'status')).code === 0 ? true : undefined,
    );
    const scrubbed = await run('storage.js', 'scrub', '--json');
    expect(scrubbed.code, scrubbed.output).toBe(0);
    expect(JSON.parse(scrubbed.output)).toMatchObject({ wrong: 0, missing: 0, unreachable: 0 });
  },
);
