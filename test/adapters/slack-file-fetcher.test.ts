import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSlackFileFetcher } from '../../adapters/slack-file-fetcher.js';
import { createSlackFiles } from '../../adapters/slack-files.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';

const ADA = 'U0ADA00001';
const [GENERAL, SECRET] = ['C0GENERAL1', 'C0SECRET01'];
const TOKENS = { botToken: 'xoxb-local', appToken: 'xapp-local' };
const BYTES = '0123456789';
const FILE = { name: 'plan ü.txt', sizeBytes: BYTES.length };

let dataDir: string;
let slack: LocalSlack;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'slack-fetcher-'));
  slack = await startSlack({ port: 0, dataDir, ...TOKENS });
});

afterEach(async () => {
  await slack.close();
  await rm(dataDir, { recursive: true, force: true });
});

const config = (url = slack.url) => ({ apiUrl: `${url}/api/`, fileHosts: [new URL(url).host] });
const tokens = { get: () => Promise.resolve(TOKENS.botToken) };
const WORKSPACE = { teamId: 'T0ACME0001', workspaceId: 'T0ACME0001' };
const source = (fileId: string) => ({ kind: 'slack', ...WORKSPACE, fileId }) as const;
const fetchFile = (fileId: string, file = FILE) =>
  createSlackFileFetcher(config(), tokens).fetch(source(fileId), file);

async function post(channelId = GENERAL, mimetype = 'text/plain'): Promise<string> {
  const upload = { userId: ADA, channelId, name: FILE.name, mimetype, source: Buffer.from(BYTES) };
  return (await slack.control.uploadFile(upload)).fileId;
}

describe('fetching', () => {
  test.each(['ok', 'redirect'] as const)(
    'gives the bytes where the files host answers with %s',
    async (fault) => {
      const fileId = await post();
      slack.faults.filesHost = fault;
      expect(await text(await fetchFile(fileId))).toBe(BYTES);
    },
  );

  test.each([
    ['sign-in-page', { kind: 'invalid', code: 'file.not_the_file' }],
    ['redirect-elsewhere', { kind: 'invalid', code: 'file.blocked_source' }],
    ['gone', { kind: 'gone', code: 'file.deleted' }],
  ] as const)(
    '%s of the files host is never taken for the file, and the token goes nowhere',
    async (fault, refusal) => {
      const fileId = await post();
      slack.faults.filesHost = fault;
      await expect(fetchFile(fileId)).rejects.toMatchObject(refusal);
      expect(slack.control.state().authorizationSeenElsewhere).toEqual([]);
    },
  );

  test('a sign-in page in place of an HTML file has another size', async () => {
    const fileId = await post(GENERAL, 'text/html');
    expect(await text(await fetchFile(fileId))).toBe(BYTES);
    slack.faults.filesHost = 'sign-in-page';
    await expect(fetchFile(fileId)).rejects.toMatchObject({ code: 'file.size_differs' });
  });

  test('a body that ends too early fails as it is read', async () => {
    const fileId = await post();
    slack.faults.filesHost = 'truncate';
    await expect(text(await fetchFile(fileId))).rejects.toThrow();
  });

  test('a file of another size than announced is refused', async () => {
    await expect(fetchFile(await post(), { ...FILE, sizeBytes: 11 })).rejects.toMatchObject({
      code: 'file.size_differs',
    });
  });

  test('Slack out of reach is worth another try', async () => {
    const fileId = await post();
    const fetcher = createSlackFileFetcher({ ...config(), apiUrl: 'http://127.0.0.1:9/api/' }, tokens);
    await expect(fetcher.fetch(source(fileId), FILE)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'file.unreachable',
    });
  });

  test('a redirect to the sign-in page of a workspace is said to be one, and the token stays', async () => {
    const server = createServer((request, response) => {
      if (!request.url?.startsWith('/api/')) {
        response.writeHead(302, { location: 'https://acme.slack.com/?redir=%2Ffiles-pri' }).end();
        return;
      }
      const file = {
        id: 'F1',
        mode: 'hosted',
        url_private_download: `http://${request.headers.host ?? ''}/file`,
      };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, file }));
    });
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fetching = createSlackFileFetcher(config(url), tokens).fetch(source('F1'), FILE);
    await expect(fetching).rejects.toMatchObject({ code: 'file.not_the_file' });
  });
});

describe.each([
  ['fetching', (fileId: string) => fetchFile(fileId)],
  ['describing', (fileId: string) => createSlackFiles(config(), tokens).describe(WORKSPACE, fileId)],
] as const)('%s', (_, act) => {
  test.each([
    ['deleted', { kind: 'gone', code: 'file.deleted' }],
    ['tombstone', { kind: 'gone', code: 'file.deleted' }],
    ['hidden_by_limit', { kind: 'gone', code: 'file.hidden' }],
    ['access_denied', { kind: 'forbidden', code: 'file.foreign' }],
    ['external', { kind: 'invalid', code: 'file.external', params: { where: 'Google Drive' } }],
  ] as const)('a file that is %s is refused in words for the person', async (state, refusal) => {
    const fileId = await post();
    await slack.control.setFileState({ fileId, state });
    await expect(act(fileId)).rejects.toMatchObject(refusal);
  });

  test('a file of a private channel needs an invitation, and then works (M6)', async () => {
    const fileId = await post(SECRET);
    await expect(act(fileId)).rejects.toMatchObject({ kind: 'forbidden', code: 'file.not_visible' });
    slack.control.inviteApp({ channelId: SECRET });
    await act(fileId);
  });

  test('a missing scope asks for a new installation', async () => {
    const fileId = await post();
    await slack.close();
    slack = await startSlack({ port: 0, dataDir, ...TOKENS, scopes: ['commands'] });
    await expect(act(fileId)).rejects.toMatchObject({ kind: 'forbidden', code: 'file.reinstall' });
  });
});

test('a file shared by another organisation is described by files.info alone', async () => {
  const fileId = await post();
  await slack.control.setFileState({ fileId, state: 'check_file_info' });
  expect(await createSlackFiles(config(), tokens).describe(WORKSPACE, fileId)).toEqual({
    name: FILE.name,
    contentType: 'text/plain',
    sizeBytes: 10,
    ownerId: ADA,
    channelIds: ['C0GENERAL1'],
  });
});

test('a description gives up at once where Slack is down or says to wait', async () => {
  const fileId = await post();
  slack.faults.rateLimitNext = 1;
  const files = createSlackFiles(config(), tokens);
  await expect(files.describe(WORKSPACE, fileId)).rejects.toMatchObject({ kind: 'unavailable' });
  slack.faults.webApiDown = true;
  await expect(files.describe(WORKSPACE, fileId)).rejects.toMatchObject({ kind: 'unavailable' });
});
