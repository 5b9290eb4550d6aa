import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createS3UploadStore } from '../../adapters/s3-upload-store.js';
import { followShare } from '../../bot/terminal/follow-share.js';
import { runTerminal, type TerminalCommand } from '../../bot/terminal/run-terminal.js';
import { render, type Terminal, type TerminalDeps } from '../../bot/terminal/terminal.js';
import { phrase } from '../../core/messages/messages.js';
import { approveLinkCode } from '../../core/identities/link-codes.js';
import type { JobName } from '../../core/jobs.js';
import type { DeliveryState } from '../../prisma/generated/enums.js';
import { createPresigningClient, startTestS3, type TestS3 } from '../local/s3-support.js';
import { createAccount } from '../support/accounts.js';
import { fakePasswords, fakeRates } from '../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../support/open-test-database.js';
import { acceptShare } from '../support/shares.js';
import { testDeps } from './discord-rig.js';

const MIB = 1024 ** 2;

let database: OpenTestDatabase;
let s3: TestS3;
let folder: string;
let said: string[];
let deps: TerminalDeps;
/** What stands in for the worker and the Lambda. */
let onJob: (name: JobName, shareId: string) => Promise<void>;

beforeAll(async () => {
  database = await openTestDatabase();
  s3 = await startTestS3();
  folder = await mkdtemp(path.join(tmpdir(), 'terminal-'));
});

beforeEach(() => {
  said = [];
  onJob = async () => {};
  const uploads = createS3UploadStore(s3.client, createPresigningClient(s3.url), 'files');
  const queue: TerminalDeps['queue'] = {
    add: async (name, payload) => onJob(name, 'shareId' in payload ? payload.shareId : ''),
  };
  deps = { ...testDeps(database), queue, uploads };
});

afterEach(async () => {
  await database.db.chatIdentity.deleteMany();
  await database.db.linkCode.deleteMany();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await s3.remove();
  await database.release();
});

function run(text: string, paths: string[] = [], changes: Partial<TerminalCommand & Terminal> = {}) {
  const { ask = null, ...command } = changes;
  const terminal: Terminal = { language: 'en', write: (line) => void said.push(line), ask };
  return runTerminal(deps, terminal, { text, paths, userId: 'ada', isConfirmed: false, ...command });
}

async function fileOf(name: string, bytes: Buffer): Promise<string> {
  const filePath = path.join(folder, name);
  await writeFile(filePath, bytes);
  return filePath;
}

async function connectAda() {
  const account = await createAccount(database.db);
  const about = { userName: 'ada', workspaceName: 'This machine' };
  const data = {
    accountId: account.id,
    platform: 'TERMINAL',
    workspaceId: '',
    userId: 'ada',
    ...about,
  } as const;
  await database.db.chatIdentity.create({ data });
  return account;
}

async function mailed(shareId: string, state: DeliveryState): Promise<void> {
  await database.db.share.update({ where: { id: shareId }, data: { state: 'READY' } });
  await database.db.delivery.updateMany({ where: { shareId }, data: { state } });
}

describe('/share', () => {
  test('uploads every file in its parts, says each new state once and ends with 0', async () => {
    const account = await connectAda();
    const [large, small] = [randomBytes(17 * MIB), Buffer.from('hello')];
    const paths = [await fileOf('large.bin', large), await fileOf('small.txt', small)];
    onJob = async (name, shareId) => {
      if (name === 'store-attachments') setTimeout(() => void mailed(shareId, 'SENT'), 700);
    };
    expect(await run('/share bob@example.com, carol@example.com', paths)).toBe(0);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^Saved: large\.bin, small\.txt\./);
    expect(said[1]).toMatch(
      /^Sent large\.bin, small\.txt \(17 MB\) to 2 people\..*\n• bob@example\.com — sent\n/,
    );

    const share = await database.db.share.findFirstOrThrow({
      where: { accountId: account.id },
      include: { attachments: { orderBy: { position: 'asc' } } },
    });
    expect(share).toMatchObject({ entrance: 'TERMINAL' });
    for (const [index, bytes] of [large, small].entries()) {
      const Key = share.attachments[index]!.storageKey!;
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: 'files', Key }));
      expect(Buffer.from(await Body!.transformToByteArray()).equals(bytes)).toBe(true);
    }
    expect(await database.db.chatNotice.count()).toBe(0);
  });

  test('ends with 1 where a mail did not leave', async () => {
    await connectAda();
    onJob = (_name, shareId) => mailed(shareId, 'FAILED');
    expect(await run('/share bob@example.com', [await fileOf('a.txt', Buffer.from('a'))])).toBe(1);
    expect(said.at(-1)).toContain('refused by the mail service');
  });

  test('ends with 1 and the reason where the share failed', async () => {
    await connectAda();
    onJob = async (_name, id) => {
      await database.db.share.update({
        where: { id },
        data: { state: 'FAILED', failureCode: 'file.empty', failureParams: { name: 'a.txt' } },
      });
    };
    expect(await run('/share bob@example.com', [await fileOf('a.txt', Buffer.from('a'))])).toBe(1);
    expect(said).toEqual(['a.txt is empty (0 bytes). Nothing was sent.']);
  });

  test('withdraws the share where storage does not take the file', async () => {
    const account = await connectAda();
    const filePath = await fileOf('a.txt', Buffer.from('a'));
    deps.uploads.signPart = async () => `${s3.url}/nowhere/at/all`;
    expect(await run('/share bob@example.com', [filePath])).toBe(1);
    expect(said).toEqual([
      expect.stringMatching(/^This does not work at the moment\. Try again in a minute\. Reference \w{8}\.$/),
    ]);
    expect(await database.db.share.findFirst({ where: { accountId: account.id } })).toMatchObject({
      state: 'REVOKED',
    });
  });

  test('takes a part again that storage refused once', async () => {
    await connectAda();
    onJob = (_name, shareId) => mailed(shareId, 'SENT');
    let tries = 0;
    const realFetch = globalThis.fetch;
    globalThis.fetch = (...args) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new TypeError('fetch failed')) : realFetch(...args);
    };
    try {
      expect(await run('/share bob@example.com', [await fileOf('a.txt', Buffer.from('a'))])).toBe(0);
    } finally {
      globalThis.fetch = realFetch;
    }
    expect(tries).toBe(2);
  });

  test('says how to connect first, and keeps nothing', async () => {
    const before = await database.db.share.count();
    expect(await run('/share bob@example.com', [await fileOf('a.txt', Buffer.from('a'))])).toBe(1);
    expect(said).toEqual([
      'Connect your Passalong account first: npm run chat -- /connect. Nothing was sent.',
    ]);
    expect([await database.db.share.count(), await database.db.shareDraft.count()]).toEqual([before, 0]);
  });

  test.each([
    [
      'a missing file',
      '/share bob@example.com',
      ['missing.pdf'],
      /^There is no file .*missing\.pdf\. Nothing was sent\.$/,
    ],
    ['a folder', '/share bob@example.com', ['folder'], /folder is not a file\. Nothing was sent\.$/],
    ['an empty file', '/share bob@example.com', ['empty.txt'], /^empty\.txt is empty \(0 bytes\)/],
    ['no file', '/share bob@example.com', [], /^Choose at least one file/],
    ['no address', '/share', ['full.txt'], /^Who should get it\?/],
    ['a malformed address', '/share bob@', ['full.txt'], /^These don't look like email addresses: bob@/],
  ])('refuses %s with a message and 1', async (_what, text, names, message) => {
    await connectAda();
    await mkdir(path.join(folder, 'folder'), { recursive: true });
    await fileOf('empty.txt', Buffer.alloc(0));
    await fileOf('full.txt', Buffer.from('x'));
    const before = await database.db.share.count();
    expect(
      await run(
        text,
        names.map((name) => path.join(folder, name)),
      ),
    ).toBe(1);
    expect(said).toEqual([expect.stringMatching(message) as string]);
    expect(await database.db.share.count()).toBe(before);
  });

  test('does not wait for ever', async () => {
    const shareId = await acceptShare(database.db, (await createAccount(database.db)).id);
    const terminal = { language: 'en', write: (line: string) => void said.push(line) } as const;
    expect(await followShare(deps, terminal, shareId, 400)).toBe(1);
    expect(said.at(-1)).toMatch(/^This takes longer than usual/);
  });
});

describe('/connect', () => {
  const portal = () => ({ ...deps, passwords: fakePasswords(), rates: fakeRates() });

  /** Approves on the portal as soon as the link is printed. @returns the account */
  async function approveWhenPrinted() {
    const account = await createAccount(database.db, { email: 'ann@sender.example' }).catch(() =>
      database.db.account.findFirstOrThrow({ where: { email: 'ann@sender.example' } }),
    );
    const isPrinted = expect.poll(() => said.join('\n')).toMatch(/\/connect\//);
    const approve = async (): Promise<void> => {
      await isPrinted;
      const token = /\/connect\/(\S+)/.exec(said.join('\n'))![1]!;
      await approveLinkCode(portal(), token, account.id, 'a long enough one');
    };
    return { account, approved: approve() };
  }

  test.each([
    ['after a yes in the terminal', { ask: async () => true }],
    ['at once with --yes', { isConfirmed: true }],
  ])('links the account that approved, %s', async (_what, changes) => {
    const { account, approved } = await approveWhenPrinted();
    const ending = run('/connect', [], changes);
    await approved;
    expect(await ending).toBe(0);
    expect(said.at(-1)).toBe('Connected to ann@sender.example. You can share files now.');
    expect(await database.db.chatIdentity.findMany({ where: { accountId: account.id } })).toMatchObject([
      { platform: 'TERMINAL', workspaceId: '', userId: 'ada' },
    ]);
  });

  test('asks with the name of the account, and a no kills the link', async () => {
    const { approved } = await approveWhenPrinted();
    const questions: string[] = [];
    const ending = run('/connect', [], {
      ask: async (question) => {
        questions.push(question);
        return false;
      },
    });
    await approved;
    expect(await ending).toBe(1);
    expect(questions).toEqual([
      expect.stringContaining('the account of Ann Lee (ann@sender.example)?') as string,
    ]);
    expect(said.at(-1)).toBe('Nothing was connected.');
    expect(await database.db.linkCode.count({ where: { closedAt: null } })).toBe(0);
    expect(await database.db.chatIdentity.count()).toBe(0);
  });

  test('asks nothing and mints nothing where nobody is there', async () => {
    expect(await run('/connect')).toBe(1);
    expect(said).toEqual([
      'Nobody is here to confirm. Run it in a terminal, or add --yes. Nothing was connected.',
    ]);
    expect(await database.db.linkCode.count()).toBe(0);
  });

  test('gives up when the link has expired', async () => {
    const ending = run('/connect', [], { isConfirmed: true });
    await expect.poll(() => said.length).toBe(1);
    await database.db.linkCode.updateMany({ data: { expiresAt: new Date(0) } });
    expect(await ending).toBe(1);
    expect(said.at(-1)).toMatch(/^This link has expired/);
  });

  test('is not needed twice', async () => {
    await connectAda();
    expect(await run('/connect', [], { isConfirmed: true })).toBe(0);
    expect(said).toEqual(['Your Passalong account is connected already.']);
  });
});

test.each([
  ['/help', 0],
  ['/unknown', 1],
  ['bob@example.com', 1],
])('%s shows what there is and ends with %i', async (text, code) => {
  expect(await run(text)).toBe(code);
  expect(said[0]).toContain('npm run chat -- "/share ann@example.com');
});

test('nothing that is printed can move the cursor', () => {
  const title = phrase('chat.failed', { names: 'a\u001b[2Jb' });
  const lines = [phrase('chat.failed', { names: 'c\rd\u009be' }), phrase('chat.failed', { names: 'f\tg' })];
  expect(render({ title, lines, buttons: [] }, 'en')).toBe(
    ['a[2Jb', 'cde', 'f\tg'].map((name) => `${name} could not be sent.`).join('\n'),
  );
});
