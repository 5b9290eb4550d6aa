import { afterEach, beforeEach, expect, test } from 'vitest';

import { ADA, ADA_DM, GENERAL, GRACE, modal, SECRET, SlackRig } from './slack-rig.js';

let rig: SlackRig;
let heard: Record<string, unknown>[];

beforeEach(async () => {
  rig = await SlackRig.start();
  heard = [];
  await rig.connect((envelope, ack) => {
    heard.push(envelope.payload);
    ack();
  });
});

afterEach(() => rig.stop());

const plain = (text: string): object => ({ type: 'plain_text', text });
const option = (value: string): object => ({ text: plain(value), value });
const menu = { type: 'static_select', action_id: 'days', options: [option('7'), option('30')] };
const actions = {
  type: 'actions',
  elements: [{ type: 'button', action_id: 'go', value: 'v', text: plain('Go') }, menu],
};

test('a press on a message carries the message, its channel and a response_url', async () => {
  const { body } = await rig.call('chat.postMessage', { channel: GENERAL, text: 'x', blocks: [actions] });
  const messageTs = String(body.ts);
  rig.slack.control.pressButton({ userId: GRACE, messageTs, actionId: 'days', value: '30' });
  const pressed = await heardOf('block_actions');
  expect(pressed).toMatchObject({
    user: { id: GRACE, username: 'grace' },
    team: { id: 'T0ACME0001' },
    channel: { id: GENERAL, name: 'general' },
    container: { type: 'message', message_ts: messageTs, is_ephemeral: false },
    message: { ts: messageTs, text: 'x' },
    actions: [{ type: 'static_select', action_id: 'days', selected_option: { value: '30' } }],
    response_url: expect.stringContaining('/responses/') as string,
    trigger_id: expect.stringMatching(/^\d+\.\d+\.[0-9a-f]+$/) as string,
  });
  expect(() => rig.slack.control.pressButton({ userId: ADA, messageTs, actionId: 'nothing' })).toThrow(
    'nothing to press',
  );
});

test('a press in a modal carries the view with what is filled in, and no response_url', async () => {
  const to = {
    type: 'input',
    block_id: 'to',
    label: plain('To'),
    element: { type: 'plain_text_input', action_id: 'to' },
  };
  const { id: viewId } = await rig.openModal({ blocks: [to, { ...actions, block_id: 'more' }] });
  rig.slack.control.pressButton({ userId: ADA, viewId, actionId: 'go', values: { to: 'a@b.co', days: '7' } });
  const pressed = await heardOf('block_actions');
  expect(pressed).toMatchObject({
    container: { type: 'view', view_id: viewId },
    actions: [{ action_id: 'go', value: 'v' }],
    view: {
      state: {
        values: { to: { to: { value: 'a@b.co' } }, more: { days: { selected_option: { value: '7' } } } },
      },
    },
  });
  expect(pressed).not.toHaveProperty('response_url');
});

test('a closed modal is told of only when it says notify_on_close', async () => {
  const { id: quiet } = await rig.openModal();
  expect(rig.slack.control.closeView({ userId: ADA, viewId: quiet })).toBeNull();
  const { id: viewId } = await rig.openModal({ notify_on_close: true });
  await rig.call('views.push', {
    trigger_id: rig.command().triggerId,
    view: modal({ notify_on_close: true, clear_on_close: true }),
  });
  expect(() => rig.slack.control.closeView({ userId: ADA, viewId })).toThrow('sees no view');
  const top = rig.slack.control.views({ userId: ADA }).at(-1)?.id ?? '';
  rig.slack.control.closeView({ userId: ADA, viewId: top });
  expect(await heardOf('view_closed')).toMatchObject({
    is_cleared: true,
    view: { id: top, previous_view_id: viewId },
  });
  expect(rig.slack.control.views({ userId: ADA })).toEqual([]);
});

test('a direct message with a file arrives as message.im with file_share, the address as a mailto link', async () => {
  const upload = { userId: ADA, name: 'a.txt', mimetype: 'text/plain', source: Buffer.from('x') };
  const { fileId } = await rig.slack.control.uploadFile({
    ...upload,
    channelId: ADA_DM,
    text: 'to bob@x.org',
  });
  const shared = await heardEvent('file_shared');
  expect(shared).toMatchObject({ file_id: fileId, file: { id: fileId }, user_id: ADA, channel_id: ADA_DM });
  expect(Object.keys(shared).toSorted()).toEqual([
    'channel_id',
    'event_ts',
    'file',
    'file_id',
    'type',
    'user_id',
  ]);
  expect(await heardEvent('message')).toMatchObject({
    subtype: 'file_share',
    channel_type: 'im',
    text: 'to <mailto:bob@x.org|bob@x.org>',
    files: [{ id: fileId, name: 'a.txt', size: 1 }],
  });
});

test('the app hears nothing of a file in a private channel that it is not in', async () => {
  const upload = { userId: ADA, name: 'a.txt', mimetype: 'text/plain', source: Buffer.from('x') };
  await rig.slack.control.uploadFile({ ...upload, channelId: SECRET });
  await rig.slack.control.uploadFile({ ...upload, channelId: GENERAL });
  await heardEvent('file_shared');
  expect(rig.slack.control.state().events).toHaveLength(1);
});

function heardOf(type: string): Promise<Record<string, unknown>> {
  return rig.slack.control.waitFor(() => heard.find((payload) => payload.type === type));
}

function heardEvent(type: string): Promise<Record<string, unknown>> {
  const eventOf = (payload: Record<string, unknown>) => payload.event as Record<string, unknown> | undefined;
  return rig.slack.control.waitFor(() => heard.map(eventOf).find((event) => event?.type === type));
}
