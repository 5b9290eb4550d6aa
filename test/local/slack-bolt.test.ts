import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';

const BOT_TOKEN = 'xoxb-local';
const ADA = 'U0ADA00001';
const GENERAL = 'C0GENERAL1';
const ADA_DM = 'D0ADA00001';

let dataDir: string;
let slack: LocalSlack;
let app: App;
let receiver: SocketModeReceiver;
const seenEvents: { file_id?: string; retryNum: unknown }[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'slack-bolt-'));
  slack = await startSlack({
    port: 0,
    dataDir,
    botToken: BOT_TOKEN,
    appToken: 'xapp-local',
    retryDelaysMs: [0, 50, 50],
  });
  const clientOptions = { slackApiUrl: `${slack.url}/api/` };
  receiver = new SocketModeReceiver({
    appToken: 'xapp-local',
    installerOptions: { clientOptions },
    clientPingTimeout: 500,
    logLevel: LogLevel.ERROR,
  });
  app = new App({
    receiver,
    clientOptions,
    token: BOT_TOKEN,
    tokenVerificationEnabled: false,
    botId: 'B0PASSBOT1',
    botUserId: 'U0PASSBOT1',
    convoStore: false,
    logLevel: LogLevel.ERROR,
  });
  listen(app);
  await app.start();
});

afterAll(async () => {
  await app.stop();
  await slack.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('a command is acknowledged, answered, and its answer replaced', async () => {
  const { id } = slack.control.runCommand({
    userId: ADA,
    channelId: GENERAL,
    command: '/share',
    text: 'a@b.co',
  });
  await slack.control.waitFor(() => slack.control.interaction(id).responses.length === 2);
  const seen = slack.control.interaction(id);
  expect(seen).toMatchObject({
    acknowledged: true,
    failed: null,
    current: { text: 'sent to a@b.co', onlyFor: ADA },
  });
  expect(slack.control.messages({ userId: ADA, channelId: GENERAL }).map(({ text }) => text)).toEqual([
    'sent to a@b.co',
  ]);
  expect(slack.control.messages({ userId: 'U0GRACE001', channelId: GENERAL })).toEqual([]);
});

test('a modal with file_input gives the app a file that it can read and download', async () => {
  const { control } = slack;
  const { id } = control.useGlobalShortcut({ userId: ADA, callbackId: 'share_new' });
  const viewId = await control.waitFor(() => control.interaction(id).viewIds[0]);
  await control.waitFor(() => control.views({ userId: ADA })[0]?.content.callback_id === 'share_form');
  const bytes = Buffer.from('a small report');
  const { fileId } = await control.uploadFile({
    userId: ADA,
    name: 'report ü.txt',
    mimetype: 'text/plain',
    source: bytes,
  });

  const refused = await control.submitView({
    userId: ADA,
    viewId,
    values: { emails: 'nobody' },
    files: { files: [fileId] },
  });
  await control.waitFor(() => control.interaction(refused.id).acknowledged);
  expect(control.views({ userId: ADA })[0]?.errors).toEqual({ emails: 'not an address' });

  const sent = await control.submitView({
    userId: ADA,
    viewId,
    values: { emails: 'a@b.co' },
    files: { files: [fileId] },
  });
  await control.waitFor(() => control.messages({ userId: ADA, channelId: ADA_DM }).length > 0);
  expect(control.interaction(sent.id)).toMatchObject({ acknowledged: true, failed: null });
  expect(control.views({ userId: ADA })).toEqual([]);
  expect(control.messages({ userId: ADA, channelId: ADA_DM })[0]?.text).toBe(
    'report ü.txt 14 hosted: a small report',
  );
});

test('a button on an ephemeral answer is pressed by its reader only, and the answer is replaced', async () => {
  const { control } = slack;
  const { id } = control.runCommand({ userId: ADA, channelId: GENERAL, command: '/share', text: 'card' });
  await control.waitFor(() => control.interaction(id).current);
  const pressed = control.pressButton({ userId: ADA, interactionId: id, actionId: 'undo' });
  await control.waitFor(() => control.interaction(pressed.id).responses.length === 1);
  expect(control.interaction(id).current?.text).toBe('undone share-1');
  expect(() => control.pressButton({ userId: 'U0GRACE001', interactionId: id, actionId: 'undo' })).toThrow(
    'sees no',
  );
});

test('a posted file comes as file_shared with ids only, and a message shortcut carries the file', async () => {
  const { control } = slack;
  const upload = {
    userId: ADA,
    channelId: GENERAL,
    name: 'a.pdf',
    mimetype: 'application/pdf',
    source: Buffer.from('%PDF'),
  };
  const { fileId, messageTs } = await control.uploadFile(upload);
  await control.waitFor(() => seenEvents.some((event) => event.file_id === fileId));
  const used = control.useMessageShortcut({
    userId: ADA,
    channelId: GENERAL,
    messageTs: messageTs ?? '',
    callbackId: 'share_message',
  });
  const answer = await control.waitFor(() => control.interaction(used.id).responses[0]);
  expect(answer.text).toBe('a.pdf');
});

test('an event that was acknowledged is delivered twice when duplicates are on', async () => {
  const { control, faults } = slack;
  faults.duplicateEvents = true;
  seenEvents.length = 0;
  control.openHome({ userId: ADA });
  await control.waitFor(() => seenEvents.length === 2);
  faults.duplicateEvents = false;
  expect(seenEvents.map((event) => event.retryNum)).toEqual([0, 1]);
  expect(control.home({ userId: ADA })?.content.type).toBe('home');
});

test('the client reconnects when Slack recycles its connection', async () => {
  // Until the client knows of it too: one that is stopped as it connects again rejects a promise that nobody has.
  const connected = new Promise((resolve) => receiver.client.once('connected', resolve));
  slack.socketMode?.disconnectAll('refresh_requested');
  await slack.control.waitFor(() => slack.socketMode?.connectionCount() === 0);
  await connected;
  expect(slack.socketMode?.connectionCount()).toBe(1);
});

function listen(to: App): void {
  to.command('/share', async ({ ack, respond, command }) => {
    await ack();
    if (command.text === 'card') {
      const button = {
        type: 'button',
        action_id: 'undo',
        value: 'share-1',
        text: { type: 'plain_text', text: 'Undo' },
      } as const;
      await respond({ text: 'card', blocks: [{ type: 'actions', elements: [button] }] });
      return;
    }
    await respond({ text: 'working' });
    await respond({ text: `sent to ${command.text}`, replace_original: true });
  });
  to.action('undo', async ({ ack, respond, action }) => {
    await ack();
    await respond({
      text: `undone ${action.type === 'button' ? String(action.value) : ''}`,
      replace_original: true,
    });
  });
  to.shortcut('share_new', async ({ ack, client, body }) => {
    await ack();
    const title = { type: 'plain_text', text: 'Share' } as const;
    const opened = await client.views.open({
      trigger_id: body.trigger_id,
      view: { type: 'modal', title, blocks: [] },
    });
    await client.views.update({
      view_id: opened.view?.id ?? '',
      hash: opened.view?.hash ?? '',
      view: {
        type: 'modal',
        callback_id: 'share_form',
        title,
        submit: title,
        blocks: [
          {
            type: 'input',
            block_id: 'emails',
            label: title,
            element: { type: 'plain_text_input', action_id: 'emails' },
          },
          {
            type: 'input',
            block_id: 'files',
            label: title,
            element: { type: 'file_input', action_id: 'files' },
          },
        ],
      },
    });
  });
  to.view('share_form', async ({ ack, view, client, body }) => {
    if (!view.state.values.emails?.emails?.value?.includes('@')) {
      await ack({ response_action: 'errors', errors: { emails: 'not an address' } });
      return;
    }
    await ack();
    const uploaded = view.state.values.files?.files?.files?.[0];
    const { file } = await client.files.info({ file: uploaded?.id ?? '' });
    const response = await fetch(file?.url_private_download ?? '', {
      headers: { authorization: `Bearer ${BOT_TOKEN}` },
    });
    const text = `${file?.name ?? ''} ${file?.size ?? 0} ${file?.mode ?? ''}: ${await response.text()}`;
    await client.chat.postMessage({ channel: body.user.id, text });
  });
  to.shortcut('share_message', async ({ ack, respond, shortcut }) => {
    await ack();
    const { files } = (shortcut as unknown as { message: { files: { name: string }[] } }).message;
    await respond({ text: files.map((file) => file.name).join() });
  });
  to.event('file_shared', ({ event, context }) => {
    seenEvents.push({ file_id: event.file_id, retryNum: context.retryNum });
    return Promise.resolve();
  });
  to.event('app_home_opened', async ({ event, context, client }) => {
    seenEvents.push({ retryNum: context.retryNum });
    await client.views.publish({
      user_id: event.user,
      view: { type: 'home', blocks: [{ type: 'divider' }] },
    });
  });
}
