import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { oweNotice } from '../../core/notices.js';
import { storeShare } from '../support/shares.js';
import { ADA, ADA_DM, DOORS, GENERAL, GRACE, PRIVATE, SlackBotRig, TEAM } from './slack-rig.js';

/** What Slack alone has, by both doors. */
describe.each(DOORS)('by %s', (door) => {
  let rig: SlackBotRig;
  let accountId: string;

  beforeAll(async () => {
    rig = await SlackBotRig.start(door);
  });
  afterAll(() => rig.stop());
  beforeEach(async () => {
    for (const table of ['chatIdentity', 'shareDraft', 'slackFileSeen'] as const)
      await (rig.db[table] as { deleteMany: () => Promise<unknown> }).deleteMany();
    accountId = (await rig.connect(ADA)).id;
  });

  const control = () => rig.slack.control;
  const shares = () =>
    rig.db.share.findMany({ where: { accountId }, include: { attachments: true, recipients: true } });
  const madeShares = (count: number) =>
    rig.until(async () => {
      const made = await shares();
      return made.length === count && made;
    });
  const directly = (text: string) =>
    control().waitFor(() =>
      control()
        .messages({ userId: ADA, channelId: ADA_DM })
        .findLast(({ blocks }) => JSON.stringify(blocks).includes(text)),
    );
  const submit = (viewId: string, values: Record<string, string>, fileIds: string[] = []) =>
    control().submitView({
      ...{ userId: ADA, viewId, values },
      ...(fileIds.length > 0 ? { files: { files: fileIds } } : {}),
    });

  test("a share begins in a message's menu, with a shortcut, by a direct message and on the Home tab (B2)", async () => {
    const posted = { userId: GRACE, channelId: GENERAL, name: 'hers.txt', mimetype: 'text/plain' };
    const { messageTs } = await control().uploadFile({ ...posted, source: Buffer.from('some bytes') });
    const used = { userId: ADA, channelId: GENERAL, callbackId: 'share_message' };
    const menu = control().useMessageShortcut({ ...used, messageTs: messageTs ?? '' });
    await submit(await rig.form(menu), { emails: 'bob@example.com' });
    await rig.says(menu, 'Saved: hers.txt.');

    const shortcut = control().useGlobalShortcut({ userId: ADA, callbackId: 'share_new' });
    await changeChatSettings(rig.deps, accountId, { undoSeconds: 0 });
    const held = await rig.hold(ADA, 'held.txt');
    await submit(await rig.form(shortcut), { emails: 'bob@example.com' }, [held]);
    const made = await madeShares(2);
    const { id: shareId } = made.find(({ attachments }) => attachments[0]?.name === 'held.txt')!;
    await storeShare(rig.db, shareId);
    await rig.db.delivery.updateMany({ where: { shareId }, data: { state: 'SENT' } });
    await oweNotice(rig.db, 'SHARE', shareId);
    await directly('Sent held.txt');

    const fileIds = [await rig.hold(ADA, 'direct.txt')];
    await control().postMessage({ userId: ADA, channelId: ADA_DM, text: 'bob@example.com', fileIds });
    const { ts } = await directly('• direct.txt');
    control().pressButton({ userId: ADA, messageTs: ts, actionId: 'send-draft' });
    await madeShares(3);

    const home = () => control().home({ userId: ADA });
    const shows = (text: string) =>
      control().waitFor(() => JSON.stringify(home()?.content.blocks ?? '').includes(text));
    control().openHome({ userId: ADA });
    await shows('1. direct.txt');
    const onHome = (actionId: string) =>
      control().pressButton({ userId: ADA, viewId: home()?.id ?? '', actionId });
    const opened = await rig.form(onHome('choose-files'));
    await submit(opened, { emails: 'bob@example.com' }, [await rig.hold(ADA, 'home.txt')]);
    await shows('Saved: home.txt.');
    onHome('history');
    await shows('1. home.txt');
    onHome('show');
    await shows('The links live until');
    onHome('revoke');
    await shows('Undone: home.txt. Nothing was sent.');
  });

  test('without a recent file the form is offered, with the addresses kept, and in a private conversation an invitation (M1, M6)', async () => {
    const invitation = 'Invite me with /invite @passalong and try again';
    const command = rig.share('bob@example.com, eve@example.com');
    const card = await rig.says(command, "I don't see a file from you in this channel");
    expect(card).toContain('open the menu of its message and pick Share files by email');
    expect(card).not.toContain(invitation);
    const chosen = await rig.hold(ADA, 'chosen.txt');
    await submit(await rig.form(rig.press(command, 'choose-files')), {}, [chosen]);
    await rig.says(command, 'Saved: chosen.txt.');
    expect((await shares())[0]?.recipients).toHaveLength(2);
    await rig.says(rig.share('bob@example.com', ADA, PRIVATE), invitation);
  });

  test('what is wrong in the form is said at its field, and all that was filled in stays (B4)', async () => {
    const command = rig.share('');
    const viewId = await rig.form(command);
    const held = await rig.hold(ADA, 'plan.txt');
    await submit(viewId, { emails: 'bob', message: 'Hello' }, [held]);
    const { errors } = await control().waitFor(() =>
      control()
        .views({ userId: ADA })
        .find((open) => open.errors['emails']),
    );
    expect(errors).toEqual({ emails: "These don't look like email addresses: bob. Nothing was sent." });
    await submit(viewId, { emails: 'bob@example.com', message: 'Hello' }, [held]);
    await rig.says(command, 'Saved: plan.txt.');
    expect(await shares()).toMatchObject([{ message: 'Hello', requestKey: `slack:${viewId}` }]);
  });

  test("nobody else's file is offered or taken: not Grace's, not one of hers that is posted again or put into a form (B19)", async () => {
    const hers = await rig.post(GRACE, 'salaries.txt');
    await control().postMessage({ userId: ADA, channelId: GENERAL, text: 'look', fileIds: [hers] });
    await rig.until(async () =>
      control()
        .state()
        .events.every(({ acknowledged }) => acknowledged),
    );
    const none = await rig.says(rig.share('bob@example.com'), "I don't see a file from you");
    expect(none).not.toContain('salaries');
    expect(await rig.db.slackFileSeen.findMany({ select: { userId: true } })).toEqual([{ userId: GRACE }]);
    await rig.db.slackFileSeen.updateMany({ data: { userId: ADA } });
    await rig.says(rig.share('bob@example.com'), 'only send files that you uploaded yourself');

    const command = rig.share('');
    const held = await rig.hold(GRACE, 'salaries.txt');
    await submit(await rig.form(command), { emails: 'bob@example.com' }, [held]);
    const refused = await rig.says(command, 'only send files that you uploaded yourself');
    expect(refused).not.toContain('salaries');
    expect(await shares()).toEqual([]);
  });

  test('a file that Slack no longer gives away is refused in words (M7, M8, M9, M10)', async () => {
    for (const [state, words] of [
      ['deleted', 'The file was deleted in Slack before I could copy it. Upload it again and retry.'],
      ['tombstone', 'was deleted in Slack'],
      ['hidden_by_limit', 'free plan hides files older than 90 days'],
      ['access_denied', "belongs to another organisation and Slack won't let me read it"],
      ['external', 'plan.txt lives in Google Drive; I can only send files stored in Slack.'],
    ] as const) {
      await rig.db.slackFileSeen.deleteMany();
      await control().setFileState({ fileId: await rig.post(ADA, 'plan.txt'), state });
      await rig.says(rig.share('bob@example.com'), words);
    }
    expect(await rig.db.shareDraft.count()).toBe(0);
  });

  test('where the app lost a right, an administrator has to install it again (M14)', async () => {
    await rig.post(ADA, 'plan.txt');
    const [installation] = control().installations();
    const { scopes } = installation!;
    installation!.scopes = scopes.filter((scope) => scope !== 'files:read');
    const words = 'The Passalong app needs to be reinstalled in this workspace. Ask an admin';
    await rig.says(rig.share('bob@example.com'), words);
    installation!.scopes = scopes;
    if (door === 'Socket Mode') return;
    await rig.db.installation.deleteMany();
    await rig.says(rig.share(''), `${words} of this workspace: ${rig.botUrl}/slack/install`);
    await rig.install(ADA);
  });

  test('uninstalling forgets who was connected there (B17)', async () => {
    control().uninstall({ teamId: TEAM });
    await rig.until(async () => (await rig.db.chatIdentity.count()) === 0);
    expect(await rig.db.installation.count()).toBe(0);
  });
});
