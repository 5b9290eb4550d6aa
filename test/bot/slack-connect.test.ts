import { afterEach, beforeEach, expect, test } from 'vitest';
import { approveLinkCode } from '../../core/identities/link-codes.js';
import { createAccount } from '../support/accounts.js';
import { fakePasswords, fakeRates } from '../support/fakes.js';
import { ADA, GENERAL, GRACE, SlackBotRig, TEAM } from './slack-rig.js';

let rig: SlackBotRig;

beforeEach(async () => {
  rig = await SlackBotRig.start();
});

afterEach(() => rig.stop());

/** What the portal does once somebody signed in, read the page and gave the password again. */
async function approve(card: string, accountId: string): Promise<void> {
  const token = /portal\.test\/connect\/([\w.-]+)/.exec(card)?.[1] ?? '';
  const deps = { ...rig.deps, passwords: fakePasswords(), rates: fakeRates() };
  await approveLinkCode(deps, token, accountId, 'a long enough one');
}

test('somebody unconnected connects an account and goes on to Send, all in one answer (B13)', async () => {
  const account = await createAccount(rig.db);
  await rig.post(ADA, 'plan.txt');
  const command = rig.share('bob@example.com');
  await rig.says(command, 'Connect your Passalong account');
  rig.press(command, 'connect');
  await approve(await rig.says(command, 'Open the portal'), account.id);
  await rig.says(command, `Connect to the account of Ann Lee (${account.email})?`);
  expect(await rig.db.chatIdentity.count()).toBe(0);

  rig.press(command, 'confirm-link');
  await rig.says(command, 'Send 1 file to 1 person?');
  expect(await rig.db.chatIdentity.findMany()).toMatchObject([
    {
      accountId: account.id,
      platform: 'SLACK',
      workspaceId: TEAM,
      userId: ADA,
      userName: '@ada',
      workspaceName: 'acme',
    },
  ]);
  rig.press(command, 'send-draft');
  await rig.says(command, 'Saved: plan.txt.');
  expect(await rig.db.share.findMany()).toMatchObject([{ accountId: account.id }]);
  const seenByGrace = rig.slack.control.messages({ userId: GRACE, channelId: GENERAL });
  expect(seenByGrace.every(({ userId }) => userId === ADA)).toBe(true);
});

test('a form that was sent before connecting is shown again after it, and then sent', async () => {
  const account = await createAccount(rig.db);
  const command = rig.share('');
  const viewId = await rig.form(command);
  const files = { files: [await rig.hold(ADA, 'plan.txt')] };
  await rig.slack.control.submitView({ userId: ADA, viewId, values: { emails: 'bob@example.com' }, files });
  await rig.says(command, 'Connect your Passalong account');
  rig.press(command, 'connect');
  await approve(await rig.says(command, 'Open the portal'), account.id);
  await rig.says(command, 'Connect to the account of');
  rig.press(command, 'confirm-link');
  await rig.says(command, 'Send 1 file to 1 person?');
  rig.press(command, 'send-draft');
  await rig.says(command, 'Saved: plan.txt.');
});

test('/share connect links without a share, once', async () => {
  const account = await createAccount(rig.db);
  const command = rig.share('connect');
  await approve(await rig.says(command, 'Open the portal'), account.id);
  await rig.says(command, 'Connect to the account of');
  rig.press(command, 'confirm-link');
  await rig.says(command, `Connected to ${account.email}.`);
  await rig.says(rig.share('connect'), 'connected already');
});

test("This isn't me connects nothing, and a press by somebody else neither", async () => {
  const account = await createAccount(rig.db);
  const command = rig.share('connect');
  await approve(await rig.says(command, 'Open the portal'), account.id);
  await rig.says(command, 'Connect to the account of');
  expect(() => rig.press(command, 'confirm-link', GRACE)).toThrow('sees no message');
  rig.press(command, 'refuse-link');
  await rig.says(command, 'Nothing was connected.');
  expect(await rig.db.chatIdentity.count()).toBe(0);
});

test('Not now forgets the share: connecting later sends nothing', async () => {
  const account = await createAccount(rig.db);
  await rig.post(ADA, 'plan.txt');
  const command = rig.share('bob@example.com');
  await rig.says(command, 'Connect your Passalong account');
  rig.press(command, 'dismiss');
  await rig.says(command, 'Nothing was sent.');
  const later = rig.share('connect');
  await approve(await rig.says(later, 'Open the portal'), account.id);
  await rig.says(later, 'Connect to the account of');
  rig.press(later, 'confirm-link');
  await rig.says(later, 'Connected to');
  expect(await rig.db.share.count()).toBe(0);
});

test('the link to the portal is a button that may be pressed', async () => {
  const command = rig.share('connect');
  await rig.says(command, 'Open the portal');
  const pressed = rig.press(command, 'open-link');
  await rig.until(async () => pressed.acknowledged);
  await rig.says(command, 'Open the portal');
});
