import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDiscord, type LocalDiscord } from '../../local/discord/start-discord.js';
import { startSlack, type LocalSlack } from '../../local/slack/start-slack.js';
import { ADA, ADA_DM, GENERAL, GRACE } from './slack-rig.js';

const BOT = 'xoxb-local';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sight-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('what somebody sees in the local Slack', () => {
  let slack: LocalSlack;
  beforeEach(async () => {
    slack = await startSlack({ port: 0, dataDir, botToken: BOT, appToken: 'xapp-local' });
  });
  afterEach(() => slack.close());

  const api = (method: string, args: object): Promise<Response> =>
    fetch(`${slack.url}/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${BOT}` },
      body: JSON.stringify(args),
    });

  test('is what is said to them, and nothing that is said to others alone', async () => {
    const { control } = slack;
    await control.postMessage({ userId: ADA, channelId: GENERAL, text: 'to all' });
    await control.postMessage({ userId: ADA, channelId: ADA_DM, text: 'to the app' });
    await api('chat.postEphemeral', { channel: GENERAL, user: ADA, text: 'to Ada' });
    const seenBy = (userId: string) => control.sight({ userId }).messages.map(({ text }) => text);
    expect(seenBy(ADA)).toEqual(['to all', 'to the app', 'to Ada']);
    expect(seenBy(GRACE)).toEqual(['to all']);
    expect(control.sight({ userId: GRACE }).channels.map(({ id }) => id)).not.toContain(ADA_DM);
    expect(() => control.sight({ userId: 'U0NOBODY' })).toThrow('no person U0NOBODY');
  });

  test('has files by name and size, the app’s commands and shortcuts, and how their acts ended', async () => {
    const { control } = slack;
    await control.uploadFile({
      ...{ userId: ADA, channelId: GENERAL, name: 'a.txt', mimetype: 'text/plain' },
      source: Buffer.from('hello'),
    });
    const { id } = control.runCommand({ userId: ADA, channelId: GENERAL, command: '/share', text: '' });
    await control.waitFor(() => control.interaction(id).failed);
    const { messages, manifest, interactions } = control.sight({ userId: ADA });
    expect(messages[0]?.files).toMatchObject([{ name: 'a.txt', sizeBytes: 5, isGone: false }]);
    expect(manifest.commands[0]?.command).toBe('/share');
    expect(manifest.shortcuts.map(({ callbackId }) => callbackId)).toEqual(['share_message', 'share_new']);
    expect(interactions).toEqual([{ id, acknowledged: false, failed: 'dispatch_failed' }]);
    expect(control.sight({ userId: GRACE }).interactions).toEqual([]);
  });

  test('offers only the shortcuts of the manifest', async () => {
    const { control } = slack;
    const { messageTs } = await control.postMessage({ userId: ADA, channelId: GENERAL, text: 'hi' });
    const onMessage = { userId: ADA, channelId: GENERAL, messageTs };
    expect(() => control.useMessageShortcut({ ...onMessage, callbackId: 'share_new' })).toThrow('no message');
    expect(() => control.useGlobalShortcut({ userId: ADA, callbackId: 'other' })).toThrow(
      'no global shortcut',
    );
  });

  test('comes again whenever it changes, and not while it does not', async () => {
    const events = await watch(`${slack.url}/_control/watch?userId=${ADA}`);
    expect((await events.next()).messages).toEqual([]);
    await delay(300);
    await slack.control.postMessage({ userId: GRACE, channelId: GENERAL, text: 'one' });
    expect((await events.next()).messages).toMatchObject([{ text: 'one' }]);
    await slack.control.postMessage({ userId: GRACE, channelId: `D${GRACE.slice(1)}`, text: 'not for Ada' });
    await api('chat.postMessage', { channel: GENERAL, text: 'two' });
    expect((await events.next()).messages).toMatchObject([{ text: 'one' }, { text: 'two' }]);
    await events.leave();
  });

  test('is refused by name for somebody who is not there', async () => {
    const response = await fetch(`${slack.url}/_control/watch?userId=U0NOBODY`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'no person U0NOBODY' });
  });

  test('tells elements of one action id apart by their block, and takes several values of checkboxes', async () => {
    const text = (words: string) => ({ type: 'plain_text', text: words });
    const options = ['a', 'b', 'c'].map((value) => ({ text: text(value), value }));
    const boxes = (block_id: string) => {
      return { type: 'actions', block_id, elements: [{ type: 'checkboxes', action_id: 'pick', options }] };
    };
    const view = { type: 'home', blocks: [boxes('first'), boxes('second')] };
    await api('views.publish', { user_id: ADA, view });
    const { control } = slack;
    const viewId = control.sight({ userId: ADA }).home?.id ?? '';
    const pressed = { userId: ADA, viewId, actionId: 'pick', blockId: 'second', value: ['a', 'c'] };
    expect(control.pressButton(pressed)).toMatchObject({ kind: 'block_actions' });
    expect(() => control.pressButton({ ...pressed, blockId: 'third' })).toThrow(
      'nothing to press called pick',
    );
    expect(() => control.pressButton({ ...pressed, value: ['a', 'z'] })).toThrow('pick offers no z');
  });
});

describe('what somebody sees in the local Discord', () => {
  const [ada, grace] = ['100100000000000001', '100200000000000002'];
  const [general, lounge, adasDirect] = ['300000000000000001', '300000000000000003', '400000000000000001'];
  let discord: LocalDiscord;
  beforeEach(async () => {
    discord = await startDiscord({ port: 0, token: 't', applicationId: '900000000000000001', dataDir });
  });
  afterEach(() => discord.close());

  test('is what is said to them, with files by name and without URLs that change by the second', async () => {
    const { control } = discord;
    const about = { userId: ada, channelId: general, name: 'a b.txt' };
    const { id } = await control.uploadFile({ ...about, bytes: Buffer.from('hello') });
    control.postMessage({ userId: ada, channelId: general, content: 'to all', attachmentIds: [id] });
    control.postMessage({ userId: ada, channelId: adasDirect, content: 'to the app' });
    const mine = control.sight({ userId: ada });
    expect(mine.messages.map(({ content }) => content)).toEqual(['to all', 'to the app']);
    expect(mine.messages[0]?.attachments).toEqual([{ id, name: 'a b.txt', sizeBytes: 5 }]);
    expect(control.sight({ userId: grace }).messages.map(({ content }) => content)).toEqual(['to all']);
    expect(() => control.sight({ userId: '1' })).toThrow('No person 1');
  });

  test('has the commands that are offered where they are', async () => {
    await register([
      { type: 1, name: 'everywhere', description: 'd', integration_types: [0, 1], contexts: [0, 1, 2] },
      { type: 1, name: 'servers', description: 'd', integration_types: [0], contexts: [0] },
      { type: 3, name: 'On message', integration_types: [0, 1], contexts: [1] },
    ]);
    const { channels } = discord.control.sight({ userId: ada });
    const offeredIn = (channelId: string) =>
      channels.find(({ id }) => id === channelId)?.commands.map(({ name }) => name);
    expect(offeredIn(general)).toEqual(['everywhere', 'servers']);
    expect(offeredIn(lounge)).toEqual(['everywhere']);
    expect(offeredIn(adasDirect)).toEqual(['everywhere', 'On message']);
    const invoked = { userId: ada, channelId: lounge, command: 'servers' };
    expect(() => discord.control.invokeCommand(invoked)).toThrow('offers no command "servers"');
  });

  test('says when the app did not respond, of one’s own acts alone', async () => {
    await register([{ type: 1, name: 'ask', description: 'd' }]);
    const { control } = discord;
    const { interactionId: id } = control.invokeCommand({ userId: ada, channelId: general, command: 'ask' });
    expect(control.sight({ userId: ada }).interactions).toEqual([
      { id, acknowledged: false, failed: false, modal: null },
    ]);
    control.passTime({ ms: 3001 });
    expect(control.sight({ userId: ada }).interactions).toMatchObject([{ id, failed: true }]);
    expect(control.sight({ userId: grace }).interactions).toEqual([]);
  });

  test('comes again whenever it changes', async () => {
    const events = await watch(`${discord.url}/_control/watch?userId=${ada}`);
    expect((await events.next()).messages).toEqual([]);
    discord.control.postMessage({ userId: grace, channelId: general, content: 'one' });
    expect((await events.next()).messages).toMatchObject([{ content: 'one', isOnlyForOne: false }]);
    await events.leave();
  });

  async function register(commands: object[]): Promise<void> {
    const response = await fetch(`${discord.url}/api/v10/applications/900000000000000001/commands`, {
      method: 'PUT',
      headers: { authorization: 'Bot t', 'content-type': 'application/json' },
      body: JSON.stringify(commands),
    });
    expect(response.status).toBe(200);
  }
});

interface Seen {
  messages: object[];
}

/** The server-sent events of a URL, one after the other. */
async function watch(url: string): Promise<{ next: () => Promise<Seen>; leave: () => Promise<void> }> {
  const { body } = await fetch(url);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
      const [event = '', ...rest] = text.split('\n\n');
      text = rest.join('\n\n');
      return JSON.parse(event.slice('data: '.length)) as Seen;
    },
    leave: () => reader.cancel(),
  };
}
