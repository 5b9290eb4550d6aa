import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStorage } from '../../adapters/storage.js';
import { storeAttachments } from '../../core/shares/store-attachments.js';
import { createAccount } from '../support/accounts.js';
import { fakeFetcher, fakeLog, fakeQueue, limits, timings } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare, slackFile } from '../support/shares.js';
import { runCommand } from '../support/start-stack.js';
import { startMembers, type TestMember } from '../support/start-members.js';

let database: OpenTestDatabase;
let servers: TestMember[];
let shareId: string;

beforeAll(async () => {
  [database, servers] = await Promise.all([openTestDatabase(), startMembers(2), getBuilt('cli/storage.js')]);
  const storage = createStorage(
    servers.map(({ options }) => options),
    fakeLog(),
  );
  const bytes = randomBytes(200_000);
  const { id } = await createAccount(database.db);
  const files = [slackFile('a.bin', bytes, 'F1'), slackFile('b.bin', bytes, 'F1')];
  shareId = await acceptShare(database.db, id, { files });
  const fetchers = fakeFetcher({ F1: () => Readable.from([bytes]) });
  const fakes = { queue: fakeQueue(), log: fakeLog(), limits, timings, scanner: null, fetchers };
  await storeAttachments({ db: database.db, ...storage, ...fakes }, shareId);
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
  await database.release();
});

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const [primary, mirror] = servers.map(({ options }) => options);
  const { accessKeyId = '', secretAccessKey = '' } = primary?.credentials ?? {};
  return runCommand('cli/storage.js', args, {
    DATABASE_URL: database.connectionString,
    S3_BUCKET: 'files',
    S3_ENDPOINT: primary?.endpoint ?? '',
    S3_MIRROR_BUCKETS: JSON.stringify([{ name: 'copy', bucket: 'files', endpoint: mirror?.endpoint }]),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}

function lastLine(output: string): unknown {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

describe('npm run storage', () => {
  test('says what it can do, and refuses what it cannot, without reading anything', async () => {
    const [nothing, unknown, wrong] = await Promise.all([run(), run('explode'), run('rebuild', 'nobody')]);
    expect(nothing).toMatchObject({ code: 1, output: expect.stringContaining('rebuild [member]') as string });
    expect(unknown.code).toBe(1);
    expect(wrong).toMatchObject({ code: 1, output: 'No member is called nobody. There are: files, copy.\n' });
  });

  test('status, verify: in words and for programs; bad news is the exit code', async () => {
    const [words, program, share] = await Promise.all([
      run('status'),
      run('status', '--json'),
      run('verify', shareId),
    ]);
    expect(words.code).toBe(0);
    expect(words.output).toMatch(/^2 files, 391 KB, with each of 2 members\n/);
    expect(words.output).toMatch(/\ncopy +in \d+ ms +0\n/);
    expect(lastLine(program.output)).toMatchObject({
      files: 2,
      members: [{ name: 'files', owed: 0 }, { name: 'copy' }],
    });
    expect(share.code).toBe(0);
    expect(share.output.match(/ right$/gm)).toHaveLength(4);
    await servers[1]?.kill();
    const [down, unread] = await Promise.all([run('status'), run('verify', shareId, '--json')]);
    await servers[1]?.revive();
    expect(down).toMatchObject({ code: 1, output: expect.stringMatching(/copy +NOT NOW/) as string });
    expect(unread.code).toBe(1);
    const states = (lastLine(unread.output) as { copies: { state: string }[] }).copies.map(
      ({ state }) => state,
    );
    expect(states).toEqual(['right', 'unreachable', 'right', 'unreachable']);
    const { code, output } = await run('verify', 'a');
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('No share a has files') as string,
    });
  });

  test('scrub mends what is wrong, rebuild what is missing, and both say so', async () => {
    await servers[0]?.rot();
    const scrubbed = await run('scrub', '--json');
    expect(scrubbed.code).toBe(0);
    expect(lastLine(scrubbed.output)).toEqual({
      ...{ files: 2, wrong: 2, missing: 0, unreachable: 0, repaired: 2, lost: [] },
    });
    await servers[1]?.wipe();
    const rebuilt = await run('rebuild', 'copy');
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.output).toMatch(/2 copies made, 391 KB in [\d.]+ s; 0 were there; 0 could not be made/);
    expect((await run('verify', shareId)).code).toBe(0);
    const none = await run('scrub', '--due', '--json');
    expect(lastLine(none.output)).toMatchObject({ files: 0 });
  });

  test('what is lost is named, and the exit code says so', async () => {
    for (const server of servers) await server.rot();
    const { code, output } = await run('scrub');
    expect(code).toBe(1);
    expect(output.match(/LOST: file/g)).toHaveLength(2);
    expect(output).toContain(shareId);
  });
});
