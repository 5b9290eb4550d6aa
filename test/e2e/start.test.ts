import { statSync } from 'node:fs';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, waitFor } from '../../local/demo/entrance.js';
import { discordPerson, slackPerson } from '../support/chat-people.js';
import { listMails, waitForMail } from '../support/inbox.js';
import { isAlive } from '../support/process-tree.js';
import { makeDataDir, runCommand, runStart, startStack, type TestStack } from '../support/start-stack.js';
import { describeMainPath } from './main-path.js';

const ADA = { slack: 'U0ADA00001', discord: '100100000000000001' };

// nobody, on Debian and everywhere else.
const NOBODY = { uid: 65_534, gid: 65_534 };

/** Shortens leases, and with them what recovery waits for. */
const IMPATIENT = { LEASE_SECONDS: '3' };

/** A storage that is not there. */
const NOWHERE = 'http://127.0.0.1:1';

// As root all of this runs as an ordinary user: it is root's in the other files. Who keeps the checkout to themselves
// cannot have it run by another.
const user = process.getuid?.() === 0 && isOpenToOthers(process.cwd()) ? { user: NOBODY } : {};

let dataDir: string;
let stack: TestStack;

beforeAll(async () => {
  dataDir = await makeDataDir();
  if (user.user) await chown(dataDir, NOBODY.uid, NOBODY.gid);
  stack = await startStack({ ...user, dataDir, env: IMPATIENT });
});

afterAll(async () => {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describeMainPath('on Postgres', () => stack);

describe('npm start', () => {
  test.runIf(process.platform === 'linux')('runs as an ordinary user', async () => {
    const { uid } = await stat(`/proc/${stack.pids['portal']}`);
    expect(uid).not.toBe(0);
  });

  test('prints one table of what runs where, and what to try next', () => {
    const lines = stack.output().trim().split('\n');
    expect(lines[0]).toMatch(/^Passalong is ready \(\d+\.\d s\)\.$/);
    for (const [name, value] of [
      ['Portal', stack.urls.portal],
      ['Chat', `${stack.urls.console}  (act as a person of the simulated Slack and Discord)`],
      ['Inbox', stack.urls.inbox],
      ['Storage', stack.urls.s3],
      ['Lambda', stack.urls.lambda],
      ['Postgres', 'embedded'],
      ['Queue', 'Postgres'],
      ['Slack', `simulated at ${stack.urls.slack}`],
      ['Discord', `simulated at ${stack.urls.discord}`],
      ['Data, logs', dataDir],
      ['Account', `${stack.account.email}  password ${stack.account.password}`],
    ] as const) {
      expect(lines.filter((line) => line.startsWith(`  ${name} `) && line.includes(value))).toHaveLength(1);
    }
    expect(stack.output()).toContain(`Next: open ${stack.urls.console}, attach a file and type /share`);
    expect(stack.output()).toMatch(/ npm run demo[^]* npm run chat[^]*Ctrl-C stops everything/);
  });

  test('is refused on a data folder that is in use, and the folder is named', async () => {
    const { code, output } = await runStart({ dataDir });
    expect(code).toBe(1);
    expect(output.trim()).toMatch(
      /^Passalong is running on .* already \(process \d+\)\. Stop that one, or set another DATA_DIR\.$/,
    );
    expect(output).toContain(dataDir);
  });

  test.each([
    ['PORT', 'portal'],
    ['CONSOLE_PORT', 'console'],
    ['INBOX_PORT', 'inbox'],
    ['S3_PORT', 's3'],
  ] as const)('is refused in one line where the port of %s is in use', async (variable, name) => {
    const { port } = new URL(stack.urls[name]);
    const other = await makeDataDir();
    const { code, output } = await runStart({ dataDir: other, env: { [variable]: port } });
    await rm(other, { recursive: true, force: true });
    expect(code).toBe(1);
    expect(output.trim()).toBe(
      `Port ${port} is in use. Stop what listens there, or set ${variable} to another port.`,
    );
  });

  test.each([
    [
      'nothing listens there',
      { S3_ENDPOINT: NOWHERE, REDIS_URL: 'redis://127.0.0.1:1' },
      'REDIS_URL',
      'S3_ENDPOINT',
    ],
    ['the bucket is not there', { S3_BUCKET: 'not-there' }, 'S3_BUCKET'],
    ['a key is wrong', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY'],
  ])('is refused in a line for each service that cannot work: %s', async (_, env, ...variables) => {
    const shared = Object.entries(stack.productEnv).filter(([name]) => /^(S3_BUCKET|AWS_)/.test(name));
    const right = { ...Object.fromEntries(shared), S3_ENDPOINT: stack.urls.s3 };
    const other = await makeDataDir();
    const { code, output } = await runStart({ dataDir: other, env: { ...right, ...env } });
    await rm(other, { recursive: true, force: true });
    expect(code).toBe(1);
    const [title, ...lines] = output.trim().split('\n');
    expect(title).toBe('check failed:');
    expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual(variables);
  });

  test('starts a worker again that was killed, and shares go on', async () => {
    const worker = stack.pids['worker'] ?? 0;
    process.kill(worker, 'SIGKILL');
    await waitFor('the news', async () => stack.output().includes('worker ended by itself') || null);
    expect(isAlive(worker)).toBe(false);
    const demo = await runCommand('demo.js', [], { DATA_DIR: dataDir });
    expect(demo, demo.output).toMatchObject({ code: 0 });
    expect(demo.output.match(/^(Slack|Discord|portal) .* all equal/gm)).toHaveLength(3);
    expect(demo.output.match(new RegExp(`^ +${stack.urls.portal}/l/\\S+$`, 'gm'))).toHaveLength(3);
  });

  test('is joined by npm run chat', async () => {
    const file = path.join(dataDir, 'plan.txt');
    await writeFile(file, 'The plan.');
    const chat = await runCommand(
      'chat.js',
      ['/share terminal@example.com', file],
      { DATA_DIR: dataDir },
      user,
    );
    expect(chat, chat.output).toMatchObject({ code: 0 });
    expect(chat.output).toContain('Sent plan.txt (9 bytes) to 1 person.');
    await waitForMail(stack.urls.inbox, 'terminal@example.com', 'Ada Lovelace sent you plan.txt');
  });

  test('recovers from kill -9 of the whole tree in the middle of shares, and from Ctrl-C before the next start is ready: all data, each mail once', async () => {
    const { slack, discord, s3, inbox } = stack.urls;
    await setFaults(inbox, { mode: 'accept-then-hang', count: null });
    const bytes = Buffer.from('Half way.');
    const ada = discordPerson(discord, ADA.discord);
    const card = await ada.share([{ name: 'mailing.txt', bytes }], 'mailing@example.com');
    await card.press('Send');
    await waitForMail(inbox, 'mailing@example.com');
    await setFaults(s3, { delayMs: 60_000, failBuckets: { passalong: 'slow' } });
    await slackPerson(slack, ADA.slack).fillForm([{ name: 'storing.txt', bytes }], 'storing@example.com');
    await waitFor('the share to be in the middle', async () => {
      const rows = await stack.query(`SELECT 1 FROM share WHERE state = 'STORING'`);
      return rows[0];
    });
    const shares = await stack.query(`SELECT id FROM share ORDER BY id`);
    const mailed = await listMails(inbox);
    const pids = Object.values(stack.pids);
    await stack.killTree();
    expect(pids.filter(isAlive)).toEqual([]);

    // What tells that the first process of the next start has begun.
    await rm(path.join(dataDir, 'logs'), { recursive: true });
    const interrupted = await runStart({ ...user, dataDir, signal: 'SIGINT' });
    expect(interrupted).toMatchObject({ code: 0, leftovers: [] });
    expect(interrupted.output.trim()).toBe('Stopping …\nStopped.');

    const { account } = stack;
    stack = await startStack({ ...user, dataDir, env: IMPATIENT });
    expect(stack.account).toEqual(account);
    expect(stack.output()).toContain(`password in ${dataDir}/secrets.json`);
    expect(await stack.query(`SELECT id FROM share ORDER BY id`)).toEqual(shares);
    expect(shares.length).toBeGreaterThanOrEqual(6);
    await waitForMail(stack.urls.inbox, 'storing@example.com');
    // Nobody knows whether it left, until SES's own event says so.
    await waitFor('the mail that may have left to be told from others', async () => {
      const rows = await stack.query(
        `SELECT 1 FROM delivery WHERE email = 'mailing@example.com' AND state IN ('UNCONFIRMED', 'SENT', 'DELIVERED')`,
      );
      return rows[0];
    });
    // By now the reconciler has looked at everything more than once.
    const mails = await listMails(stack.urls.inbox);
    expect(mails.slice(0, mailed.length)).toEqual(mailed);
    const addresses = mails.flatMap(({ destinations }) => destinations);
    expect(addresses.filter((address) => address === 'storing@example.com')).toHaveLength(1);
    expect(addresses.filter((address) => address === 'mailing@example.com')).toHaveLength(1);
  });

  test('stops on Ctrl-C: no process is left', async () => {
    const ending = await stack.stop('SIGINT');
    expect(ending).toMatchObject({ code: 0, leftovers: [] });
    expect(ending.output).toMatch(/Stopping …[^]*Stopped\.\n$/);
  });
});

test('npm run demo says that nothing is running', async () => {
  const empty = await mkdtemp(path.join(tmpdir(), 'passalong-empty-'));
  const { code, output } = await runCommand('demo.js', [], { DATA_DIR: empty });
  await rm(empty, { recursive: true });
  expect(code).toBe(1);
  expect(output).toContain('Nothing is running here: start it with npm start');
});

function isOpenToOthers(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0;
  if (!isOpen) process.stderr.write(`not tried as an ordinary user: only its owner may enter ${folder}\n`);
  return isOpen && (path.dirname(folder) === folder || isOpenToOthers(path.dirname(folder)));
}

async function setFaults(server: string, faults: object): Promise<void> {
  await call(`${server}/_control/faults`, { method: 'PUT', body: JSON.stringify(faults) });
}
