import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { ADA, ADA_DM, FILES, GENERAL, GRACE, SlackBotRig } from './slack-rig.js';

let rig: SlackBotRig;
let accountId: string;

beforeEach(async () => {
  rig = await SlackBotRig.start();
  accountId = (await rig.connect(ADA)).id;
});

afterEach(() => rig.stop());

const control = () => rig.slack.control;
const dm = () => control().messages({ userId: ADA, channelId: ADA_DM });
const lastDm = (text: string) =>
  control().waitFor(() => dm().findLast(({ blocks }) => JSON.stringify(blocks).includes(text)));
const shares = () => rig.db.share.findMany({ include: { attachments: true, recipients: true } });

describe('Share files by email, in the menu of a message (B2)', () => {
  async function postBy(userId: string, name: string, more: { threadTs?: string } = {}) {
    const file = {
      userId,
      channelId: GENERAL,
      name,
      mimetype: 'text/plain',
      source: Buffer.from('some bytes'),
    };
    return control().uploadFile({ ...file, ...more });
  }

  test.each([
    ['an own message', ADA, {}],
    ["a colleague's message, which the person sees", GRACE, {}],
    ['a message in a thread', ADA, { threadTs: '1.000001' }],
  ])('%s: the form names its files, and sends them', async (_, author, more) => {
    const { messageTs, fileId } = await postBy(author, 'plan.txt', more);
    const used = { userId: ADA, channelId: GENERAL, messageTs: messageTs!, callbackId: 'share_message' };
    const shortcut = control().useMessageShortcut(used);
    const viewId = await rig.form(shortcut);
    expect(JSON.stringify(control().views({ userId: ADA }).at(-1)?.content)).toContain('• plan.txt');
    await control().submitView({ userId: ADA, viewId, values: { emails: 'bob@example.com' } });
    await rig.says(shortcut, 'Saved: plan.txt.');
    const [share] = await shares();
    expect(share?.attachments.map(({ source }) => source)).toMatchObject([{ kind: 'slack', fileId }]);
  });

  test('a message without files says so', async () => {
    const { messageTs } = await control().postMessage({ userId: ADA, channelId: GENERAL, text: 'Hello' });
    const used = { userId: ADA, channelId: GENERAL, messageTs, callbackId: 'share_message' };
    await rig.says(control().useMessageShortcut(used), 'This message has no files.');
  });
});

test('Share a file, from anywhere, opens the empty form, and answers directly (B2)', async () => {
  await changeChatSettings({ db: rig.db }, accountId, { undoSeconds: 0 });
  const viewId = await rig.form(control().useGlobalShortcut({ userId: ADA, callbackId: 'share_new' }));
  const files = { files: [await rig.hold(ADA, 'plan.txt')] };
  await control().submitView({ userId: ADA, viewId, values: { emails: 'bob@example.com' }, files });
  const share = await rig.until(() => rig.db.share.findFirst());
  await rig.db.share.update({ where: { id: share.id }, data: { state: 'READY' } });
  await rig.db.delivery.updateMany({ data: { state: 'SENT' } });
  await rig.db.chatNotice.updateMany({ data: { owed: { increment: 1 } } });
  await lastDm('Sent plan.txt');
});

describe('a direct message (B2)', () => {
  async function write(text: string, name?: string) {
    const fileIds = name ? [await rig.hold(ADA, name)] : [];
    return control().postMessage({ userId: ADA, channelId: ADA_DM, text, fileIds });
  }

  test('with files and addresses is a share, once it was confirmed', async () => {
    await write('bob@example.com please', 'plan.txt');
    await lastDm("These don't look like email addresses: please.");
    await write('bob@example.com and eve@example.com'.replace('and', ','), 'map.txt');
    const card = await lastDm('Send 1 file to 2 people?');
    expect(JSON.stringify(card.blocks)).toContain('map.txt');
    control().pressButton({ userId: ADA, messageTs: card.ts, actionId: 'send-draft' });
    const [share] = await rig.until(async () => {
      const all = await shares();
      return all.length > 0 && all;
    });
    expect(share?.recipients).toHaveLength(2);
  });

  test('is answered once, however often Slack repeats it', async () => {
    rig.slack.faults.duplicateEvents = true;
    await write('bob@example.com', 'plan.txt');
    await lastDm('Send 1 file to 1 person?');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(dm().filter(({ blocks }) => JSON.stringify(blocks).includes('Send 1 file'))).toHaveLength(1);
  });

  test.each([
    ['history', 'You have shared nothing yet.'],
    ['/share settings', 'How you share from chat'],
    ['Hello?', 'Share files by e-mail, and stay in control of them'],
    ['bob@example.com', 'Add the files that they should get'],
  ])('%s: %s', async (text, answer) => {
    await write(text);
    await lastDm(answer);
  });
});

describe('the Home tab', () => {
  const home = () => JSON.stringify(control().home({ userId: ADA })?.content.blocks ?? '');
  const shows = (text: string) => control().waitFor(() => home().includes(text));
  const press = (actionId: string, value?: string) => {
    const viewId = control().home({ userId: ADA })!.id;
    return control().pressButton({ userId: ADA, viewId, actionId, ...(value ? { value } : {}) });
  };

  test('shows what was shared, and revokes it', async () => {
    await rig.post(ADA, 'plan.txt', FILES);
    const command = rig.share('bob@example.com', ADA, FILES);
    await rig.says(command, 'Send 1 file');
    rig.press(command, 'send-draft');
    await rig.says(command, 'Saved');
    control().openHome({ userId: ADA });
    await shows('1. plan.txt');
    press('show');
    await shows('The links live until');
    press('revoke');
    await shows('Undone: plan.txt. Nothing was sent.');
    expect(await shares()).toMatchObject([{ state: 'REVOKED' }]);
  });

  test('changes settings', async () => {
    control().openHome({ userId: ADA });
    await shows('You have shared nothing yet.');
    press('settings');
    await shows('How you share from chat');
    press('set');
    await shows('A share is sent as soon as it is typed.');
    const account = await rig.db.account.findUniqueOrThrow({ where: { id: accountId } });
    expect(account.confirmsShares).toBe(false);
  });

  test('leads to connecting where no account is connected', async () => {
    await rig.db.chatIdentity.deleteMany();
    control().openHome({ userId: ADA });
    await shows('Connect your Passalong account first.');
    press('connect');
    await shows('Open the portal, sign in and approve.');
  });
});

describe('what is typed wrong', () => {
  test('opens the form again with the files and what was typed', async () => {
    await rig.post(ADA, 'plan.txt');
    const command = rig.share('bob@example');
    await rig.says(command, "These don't look like email addresses: bob@example.");
    const viewId = await rig.form(rig.press(command, 'fix'));
    expect(JSON.stringify(control().views({ userId: ADA }).at(-1)?.content)).toContain('bob@example');
    await control().submitView({ userId: ADA, viewId, values: { emails: 'bob@example.com' } });
    await rig.until(async () => (await shares()).length);
    expect((await shares())[0]?.attachments).toMatchObject([{ name: 'plan.txt' }]);
  });
});

test('in German where the account asks for it (B15)', async () => {
  await changeChatSettings({ db: rig.db }, accountId, { language: 'de' });
  await rig.says(rig.share('history'), 'Du hast noch nichts geteilt.');
  await rig.form(rig.share(''));
  expect(JSON.stringify(control().views({ userId: ADA }).at(-1)?.content)).toContain('Per E-Mail teilen');
});
