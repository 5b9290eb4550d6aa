import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { ADA, GENERAL, SlackRig } from './slack-rig.js';

let rig: SlackRig;
let app: App;
let requestUrl: string;
const retries: unknown[] = [];

beforeEach(async () => {
  rig = await SlackRig.start();
  const logLevel = LogLevel.ERROR;
  const receiver = new HTTPReceiver({ signingSecret: 'secret', logLevel });
  const identity = { token: 'xoxb-local', tokenVerificationEnabled: false, botId: 'B', botUserId: 'U' };
  app = new App({ receiver, ...identity, convoStore: false, logLevel });
  app.command('/share', ({ ack }) => ack('got it'));
  app.event('app_home_opened', ({ context }) => {
    retries.push([context.retryNum, context.retryReason]);
    return Promise.resolve();
  });
  const server = (await app.start({ port: 0, host: '127.0.0.1' })) as Server;
  requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
});

afterEach(async () => {
  await app.stop();
  await rig.stop();
});

test('the real Bolt accepts the signature, and its acknowledgement is shown to the person alone', async () => {
  await rig.restart({ requestUrl, signingSecret: 'secret' });
  const { id } = rig.command();
  await rig.slack.control.waitFor(() => rig.slack.control.interaction(id).acknowledged);
  expect(rig.slack.control.interaction(id)).toMatchObject({
    failed: null,
    current: { text: 'got it', onlyFor: ADA },
  });
  expect(rig.slack.control.messages({ userId: 'U0GRACE001', channelId: GENERAL })).toEqual([]);
});

test('a request signed with another secret is refused, so the command fails for the person', async () => {
  await rig.restart({ requestUrl, signingSecret: 'another' });
  const { id } = rig.command();
  await rig.slack.control.waitFor(() => rig.slack.control.interaction(id).failed === 'dispatch_failed');
});

test('a repeated event carries the retry headers', async () => {
  await rig.restart({ requestUrl, signingSecret: 'secret' });
  rig.slack.faults.duplicateEvents = true;
  rig.slack.control.openHome({ userId: ADA });
  await rig.slack.control.waitFor(() => retries.length === 2);
  expect(retries).toEqual([
    [undefined, undefined],
    [1, 'http_timeout'],
  ]);
});
