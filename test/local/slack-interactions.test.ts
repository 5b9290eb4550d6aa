import { afterEach, beforeEach, expect, test } from 'vitest';

import { ADA, modal, SlackRig } from './slack-rig.js';

const MODALS = 'docs.slack.dev/surfaces/modals';
const FILE_INPUT = 'docs.slack.dev/reference/block-kit/block-elements/file-input-element';

let rig: SlackRig;

beforeEach(async () => {
  rig = await SlackRig.start();
});

afterEach(() => rig.stop());

test('docs.slack.dev/interactivity/handling-user-interaction: no acknowledgement in 3 s fails for the person', async () => {
  await rig.connect((envelope, ack) => {
    setTimeout(ack, 3200);
    return envelope;
  });
  const { id } = rig.command();
  const seen = await rig.slack.control.waitFor(
    () => rig.slack.control.interaction(id).failed && rig.slack.control.interaction(id),
  );
  expect(seen).toMatchObject({ failed: 'operation_timeout', acknowledged: false });
  await new Promise((done) => setTimeout(done, 400));
  expect(rig.slack.control.interaction(id).acknowledged).toBe(false);
});

test('a command without a connected app fails at once', async () => {
  const { id } = rig.command();
  await rig.slack.control.waitFor(() => rig.slack.control.interaction(id).failed === 'dispatch_failed');
});

test('methods/views.open: a trigger_id works once, for 3 s', async () => {
  await rig.connect();
  const view = modal({});
  const first = rig.command().triggerId;
  expect((await rig.call('views.open', { trigger_id: first, view })).body.ok).toBe(true);
  expect(await rig.refused('views.open', { trigger_id: first, view })).toBe('exchanged_trigger_id');
  expect(await rig.refused('views.open', { trigger_id: '1.2.abc', view })).toBe('invalid_trigger_id');
  const late = rig.command().triggerId;
  rig.nowMs += 3001;
  expect(await rig.refused('views.open', { trigger_id: late, view })).toBe('expired_trigger_id');
});

test('docs.slack.dev/interactivity/handling-user-interaction: a response_url takes 5 posts within 30 minutes', async () => {
  await rig.connect();
  const { id, responseUrl } = rig.command();
  expect(await respond(responseUrl, {})).toEqual([400, 'no_text']);
  expect(await respond(responseUrl, { blocks: [{ type: 'x' }] })).toEqual([400, 'invalid_blocks']);
  for (let post = 0; post < 5; post += 1)
    expect((await respond(responseUrl, { text: String(post) }))[0]).toBe(200);
  expect(await respond(responseUrl, { text: 'six' })).toEqual([404, 'used_url']);
  expect(rig.slack.control.interaction(id).responses).toHaveLength(5);
  const late = rig.command().responseUrl;
  rig.nowMs += 30 * 60_000 + 1;
  expect(await respond(late, { text: 'late' })).toEqual([404, 'expired_url']);
});

test('methods/views.push and views.update: three views, a hash, and only open views', async () => {
  await rig.connect();
  expect(await rig.refused('views.push', { trigger_id: rig.command().triggerId, view: modal({}) })).toBe(
    'not_found',
  );
  const root = await rig.openModal();
  await rig.call('views.push', { trigger_id: rig.command().triggerId, view: modal({}) });
  await rig.call('views.push', { trigger_id: rig.command().triggerId, view: modal({}) });
  expect(rig.slack.control.views({ userId: ADA }).map((each) => each.rootViewId)).toEqual([
    root.id,
    root.id,
    root.id,
  ]);
  expect(await rig.refused('views.push', { trigger_id: rig.command().triggerId, view: modal({}) })).toBe(
    'push_limit_reached',
  );
  const update = { view_id: root.id, hash: root.hash, view: modal({}) };
  expect((await rig.call('views.update', update)).body.ok).toBe(true);
  expect(await rig.refused('views.update', update)).toBe('hash_conflict');
  for (const { id } of rig.slack.control.views({ userId: ADA }).toReversed())
    rig.slack.control.closeView({ userId: ADA, viewId: id });
  expect(await rig.refused('views.update', { view_id: root.id, view: modal({}) })).toBe('not_found');
});

test(`${MODALS}: response_action errors must name input blocks, and unknown actions are refused`, async () => {
  let answer: object = { response_action: 'errors', errors: { nowhere: 'x' } };
  await rig.connect((envelope, ack) => {
    ack(envelope.type === 'interactive' ? answer : {});
  });
  const { id: viewId } = await rig.openModal();
  const submit = async () => {
    const { id } = await rig.slack.control.submitView({ userId: ADA, viewId, values: { to: 'x' } });
    return rig.slack.control.waitFor(
      () => rig.slack.control.interaction(id).acknowledged && rig.slack.control.interaction(id),
    );
  };
  expect((await submit()).failed).toBe('invalid_errors');
  answer = { response_action: 'dance' };
  expect((await submit()).failed).toBe('invalid_response_action');
  answer = { response_action: 'update', view: modal({ callback_id: 'second' }) };
  expect((await submit()).failed).toBe(null);
  expect(rig.slack.control.views({ userId: ADA })[0]?.content.callback_id).toBe('second');
  answer = {};
  await submit();
  expect(rig.slack.control.views({ userId: ADA })).toEqual([]);
});

test(`${FILE_INPUT}: "There is a 10MB file size limit", refused before the app hears of it`, async () => {
  const heard: string[] = [];
  await rig.connect((envelope, ack) => {
    heard.push(String(envelope.payload.type));
    ack();
  });
  const element = { type: 'file_input', action_id: 'f', max_files: 1, filetypes: ['pdf'] };
  const label = { type: 'plain_text', text: 'x' };
  const { id: viewId } = await rig.openModal({ blocks: [{ type: 'input', label, element }] });
  const upload = async (name: string, sizeBytes: number) =>
    (
      await rig.slack.control.uploadFile({
        userId: ADA,
        name,
        mimetype: 'x/y',
        source: Buffer.alloc(sizeBytes),
      })
    ).fileId;
  const submit = (...f: string[]) => rig.slack.control.submitView({ userId: ADA, viewId, files: { f } });
  const fits = await upload('a.pdf', 10 * 1024 * 1024);
  await expect(submit()).rejects.toThrow('required');
  await expect(submit(await upload('a.pdf', 10 * 1024 * 1024 + 1))).rejects.toThrow('larger than 10 MB');
  await expect(submit(fits, fits)).rejects.toThrow('up to 1');
  await expect(submit(await upload('a.exe', 1))).rejects.toThrow('not accepted');
  expect(heard).not.toContain('view_submission');
  expect(await rig.refused('files.info', { file: fits })).toBe('file_not_found');
  await submit(fits);
  expect((await rig.call('files.info', { file: fits })).body.ok).toBe(true);
});

test('docs.slack.dev/apis/events-api: an unacknowledged event comes again under its event_id, then is given up', async () => {
  await rig.restart({ requestUrl: 'http://127.0.0.1:9/', signingSecret: 's', retryDelaysMs: [0, 10, 10] });
  rig.slack.control.openHome({ userId: ADA });
  await rig.slack.control.waitFor(() => rig.slack.control.state().events[0]?.attempts === 4);
  expect(rig.slack.control.state().events).toMatchObject([{ type: 'app_home_opened', acknowledged: false }]);
});

test('docs.slack.dev/apis/events-api/using-socket-mode: each payload goes to one of several connections', async () => {
  const heard: number[] = [];
  for (const connection of [1, 2]) {
    await rig.connect((_envelope, ack) => {
      heard.push(connection);
      ack();
    });
  }
  rig.command();
  rig.command();
  await rig.slack.control.waitFor(() => heard.length >= 2);
  expect(heard.toSorted()).toEqual([1, 2]);
});

test('a Socket Mode address works once', async () => {
  const url = await rig.socketUrl();
  await rig.openSocket(url);
  await expect(rig.openSocket(url)).rejects.toThrow('401');
});

async function respond(url: string | null, body: object): Promise<unknown[]> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url ?? '', init);
  const text = await response.text();
  return [response.status, response.ok ? text : (JSON.parse(text) as { error: string }).error];
}
