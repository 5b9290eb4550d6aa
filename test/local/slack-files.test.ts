import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { ADA, BOT, GENERAL, SECRET, SlackRig } from './slack-rig.js';

let rig: SlackRig;

beforeEach(async () => {
  rig = await SlackRig.start();
});

afterEach(() => rig.stop());

const bytes = Buffer.from('0123456789');
const post = (channelId: string) =>
  rig.slack.control.uploadFile({
    userId: ADA,
    channelId,
    name: 'a b.txt',
    mimetype: 'text/plain',
    source: bytes,
  });
const urlOf = async (fileId: string) =>
  ((await rig.call('files.info', { file: fileId })).body.file as { url_private_download: string })
    .url_private_download;
const get = (url: string, headers: Record<string, string> = { authorization: `Bearer ${BOT}` }) =>
  fetch(url, { headers });

test('the bytes come with the token only; without it a sign-in page with status 200', async () => {
  const url = await urlOf((await post(GENERAL)).fileId);
  const whole = await get(url);
  expect([whole.headers.get('content-type'), await whole.text()]).toEqual(['text/plain', '0123456789']);
  const part = await get(url, { authorization: `Bearer ${BOT}`, range: 'bytes=2-4' });
  expect([part.status, await part.text()]).toEqual([206, '234']);
  for (const headers of [{}, { authorization: 'Bearer xoxb-other' }]) {
    const page = await get(url, headers);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!DOCTYPE html>');
  }
});

test('every fault of the files host does what it says', async () => {
  const url = await urlOf((await post(GENERAL)).fileId);
  rig.slack.faults.filesHost = 'redirect';
  expect(await (await get(url)).text()).toBe('0123456789');
  expect((await fetch(url, { redirect: 'manual', headers: { authorization: `Bearer ${BOT}` } })).status).toBe(
    302,
  );
  rig.slack.faults.filesHost = 'redirect-elsewhere';
  await get(url);
  expect(rig.slack.control.state().authorizationSeenElsewhere).toEqual([null]);
  rig.slack.faults.filesHost = 'sign-in-page';
  expect((await get(url)).headers.get('content-type')).toContain('text/html');
  rig.slack.faults.filesHost = 'gone';
  expect((await get(url)).status).toBe(410);
  rig.slack.faults.filesHost = 'truncate';
  await expect((await get(url)).text()).rejects.toThrow();
});

test('methods/files.info: the app sees no file of a private channel until it is invited', async () => {
  const { fileId } = await post(SECRET);
  expect(await rig.refused('files.info', { file: fileId })).toBe('file_not_found');
  rig.slack.control.inviteApp({ channelId: SECRET });
  expect((await rig.call('files.info', { file: fileId })).body.ok).toBe(true);
});

test.each([
  ['deleted', { error: 'file_deleted' }],
  ['access_denied', { error: 'access_denied' }],
  ['tombstone', { ok: true, file: { mode: 'tombstone' } }],
  ['hidden_by_limit', { ok: true, file: { mode: 'hidden_by_limit' } }],
  ['external', { ok: true, file: { mode: 'external', is_external: true, size: 0 } }],
  ['check_file_info', { ok: true, file: { mode: 'hosted', size: 10 } }],
] as const)('docs.slack.dev/reference/objects/file-object: a file that is %s', async (state, answer) => {
  const { fileId } = await post(GENERAL);
  await rig.slack.control.setFileState({ fileId, state });
  expect((await rig.call('files.info', { file: fileId })).body).toMatchObject(answer);
});

test('files survive a restart, and a broken upload leaves nothing behind', async () => {
  const { fileId } = await post(GENERAL);
  const source = Readable.from(brokenUpload());
  const broken = rig.slack.control.uploadFile({ userId: ADA, name: 'x', mimetype: 'x/y', source });
  await expect(broken).rejects.toThrow('the person went away');
  await rig.restart({});
  expect(await (await get(await urlOf(fileId))).text()).toBe('0123456789');
  expect((await readdir(rig.dataDir)).toSorted()).toEqual([fileId, `${fileId}.json`]);
});

test('a person acts and looks over HTTP as well', async () => {
  await rig.connect();
  const control = async (path: string, method = 'GET', body?: string, type = 'application/json') => {
    const init = { method, headers: { 'content-type': type }, ...(body !== undefined && { body }) };
    const response = await fetch(`${rig.slack.url}/_control/${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const uploaded = await control(
    `files?userId=${ADA}&channelId=${GENERAL}&name=a.bin&mimetype=x/y`,
    'POST',
    '{}',
  );
  expect(uploaded.body).toMatchObject({ fileId: expect.stringMatching(/^F/) as string });
  const ran = await control(
    'runCommand',
    'POST',
    JSON.stringify({ userId: ADA, channelId: GENERAL, command: '/share', text: '' }),
  );
  await rig.slack.control.waitFor(() => rig.slack.control.interaction(String(ran.body.id)).acknowledged);
  expect((await control(`interactions/${String(ran.body.id)}`)).body).toMatchObject({
    acknowledged: true,
    failed: null,
  });
  expect((await control(`messages?userId=${ADA}&channelId=${GENERAL}`)).body).toMatchObject([{ text: '' }]);
  expect((await control(`messages?userId=${ADA}&channelId=D0GRACE001`)).status).toBe(400);
  expect((await control('faults', 'PUT', JSON.stringify({ filesHost: 'gone' }))).body).toMatchObject({
    filesHost: 'gone',
  });
  expect((await control('faults', 'PUT', JSON.stringify({ filesHost: 'odd' }))).status).toBe(400);
});

async function* brokenUpload(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from('half'));
  throw new Error('the person went away');
}
