import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { signRequest } from '../../local/slack/signed-http.js';
import { ADA, GENERAL, SlackRig } from './slack-rig.js';

const BODY = 'command=%2Fshare&text=hi&team_id=T0ACME0001&user_id=U0ADA00001';

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

test.each([
  ['now', 'secret', 0, 200],
  ['six minutes old', 'secret', -360, 401],
  ['under another secret', 'forged', 0, 401],
  // Bolt has no bound for the future: the app has to bring its own.
  ['an hour ahead', 'secret', 3600, 200],
])('a test signs a request itself: %s', async (_what, secret, offsetSec, status) => {
  const nowSec = Math.floor(Date.now() / 1000);
  expect(await sendSigned(signRequest(secret, BODY, nowSec + offsetSec))).toBe(status);
});

test('one signed request is good any number of times', async () => {
  const headers = signRequest('secret', BODY, Math.floor(Date.now() / 1000));
  expect(await Promise.all([1, 2, 3].map(() => sendSigned(headers)))).toEqual([200, 200, 200]);
  expect(await sendSigned(headers, BODY.replace('hi', 'ho'))).toBe(401);
});

async function sendSigned(signed: Record<string, string>, body = BODY): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...signed };
  return (await fetch(requestUrl, { method: 'POST', headers, body })).status;
}
