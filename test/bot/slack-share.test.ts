import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelDraft } from '../../bot/commands/share.js';
import { ADA, FILES, GENERAL, GRACE, SlackBotRig, TEAM } from './slack-rig.js';

let rig: SlackBotRig;

beforeEach(async () => {
  rig = await SlackBotRig.start();
  await rig.connect(ADA);
});

afterEach(() => rig.stop());

describe('/share with addresses', () => {
  test('names the own recent files, and only Send makes the share (B5)', async () => {
    await rig.post(ADA, 'plan.txt');
    await rig.post(ADA, 'map.txt', GENERAL, 'x'.repeat(2048));
    const command = rig.share('bob@example.com <mailto:eve@example.com|eve@example.com>');
    const card = await rig.says(command, 'Send 2 files to 2 people?');
    expect(card).toMatch(/map\.txt \(2 KB\).*plan\.txt \(10 bytes\).*To: bob@example\.com, eve@example\.com/);
    expect(await rig.db.share.count()).toBe(0);

    rig.press(command, 'send-draft');
    await rig.says(command, 'Saved: map.txt, plan.txt.');
    const share = await rig.db.share.findFirstOrThrow({ include: { attachments: true, recipients: true } });
    expect(share).toMatchObject({ entrance: 'SLACK', state: 'RECEIVED' });
    expect(share.attachments.map(({ source }) => source)).toMatchObject([
      { kind: 'slack', teamId: TEAM },
      { kind: 'slack', teamId: TEAM },
    ]);
    expect(share.recipients.map(({ email }) => email).toSorted()).toEqual([
      'bob@example.com',
      'eve@example.com',
    ]);
    expect(rig.queue.jobs).toEqual([{ name: 'store-attachments', payload: { shareId: share.id } }]);
    const seenByGrace = rig.slack.control.messages({ userId: GRACE, channelId: GENERAL });
    expect(seenByGrace.every(({ userId }) => userId === ADA)).toBe(true);
  });

  test('Send pressed twice at once is one share and one answer (B6)', async () => {
    await rig.post(ADA, 'plan.txt');
    const command = rig.share('bob@example.com');
    await rig.says(command, 'Send 1 file to 1 person?');
    const presses = [rig.press(command, 'send-draft'), rig.press(command, 'send-draft')];
    await rig.says(command, 'Saved: plan.txt.');
    await rig.until(async () => presses.every(({ acknowledged }) => acknowledged));
    expect([await rig.db.share.count(), await rig.db.chatNotice.count(), rig.queue.jobs.length]).toEqual([
      1, 1, 1,
    ]);
    const [draft] = await rig.db.shareDraft.findMany();
    const ada = {
      platform: 'SLACK',
      workspaceId: TEAM,
      userId: ADA,
      userName: '@ada',
      workspaceName: 'acme',
    } as const;
    expect(await cancelDraft(rig.deps, ada, draft?.id ?? '')).toBeNull();
  });

  test('Cancel sends nothing, and Send afterwards says so', async () => {
    await rig.post(ADA, 'plan.txt');
    const command = rig.share('bob@example.com');
    await rig.says(command, 'Send 1 file');
    const messageTs = command.current?.ts ?? '';
    rig.press(command, 'discard-draft');
    await rig.says(command, 'Cancelled. Nothing was sent.');
    expect(() => rig.slack.control.pressButton({ userId: ADA, messageTs, actionId: 'send-draft' })).toThrow();
    expect([await rig.db.share.count(), await rig.db.shareDraft.count()]).toEqual([0, 0]);
  });

  test("nobody else's file is offered: not Grace's, and not one of hers that Ada posts again (B19)", async () => {
    await rig.connect(GRACE);
    const fileId = await rig.post(GRACE, 'salaries.txt');
    await rig.slack.control.postMessage({ userId: ADA, channelId: GENERAL, text: 'look', fileIds: [fileId] });
    await rig.until(async () => rig.slack.control.state().events.every(({ acknowledged }) => acknowledged));
    const command = rig.share('bob@example.com');
    expect(await rig.says(command, "I don't see a file from you")).not.toContain('salaries');
    expect(await rig.db.slackFileSeen.findMany({ select: { userId: true } })).toEqual([{ userId: GRACE }]);

    await rig.db.slackFileSeen.updateMany({ data: { userId: ADA } });
    const again = rig.share('bob@example.com');
    expect(await rig.says(again, 'only send files that you uploaded yourself')).not.toContain('salaries');
  });

  test('files of another channel or older than ten minutes are not offered', async () => {
    await rig.post(ADA, 'elsewhere.txt', FILES);
    await rig.post(ADA, 'old.txt');
    await rig.db.slackFileSeen.updateMany({
      where: { channelId: GENERAL },
      data: { seenAt: new Date(Date.now() - 11 * 60_000) },
    });
    await rig.says(rig.share('bob@example.com'), "I don't see a file from you");
  });

  test('a file whose event comes a moment after the command is still found', async () => {
    const command = rig.share('bob@example.com');
    await rig.post(ADA, 'late.txt');
    await rig.says(command, 'late.txt');
  });

  test('without a recent file, Choose files opens the form with the addresses kept (M1)', async () => {
    const command = rig.share('bob@example.com, eve@example.com');
    await rig.says(command, "I don't see a file from you");
    const viewId = await rig.form(rig.press(command, 'choose-files'));
    const fileId = await rig.hold(ADA, 'chosen.txt');
    await rig.slack.control.submitView({ userId: ADA, viewId, files: { files: [fileId] } });
    await rig.says(command, 'Saved: chosen.txt.');
    expect(await rig.db.recipient.count()).toBe(2);
  });

  test.each([
    ['deleted', 'was deleted in Slack'],
    ['tombstone', 'The file was deleted in Slack'],
    ['access_denied', 'belongs to another organisation'],
    ['external', 'lives in Google Drive'],
    ['hidden_by_limit', 'The file is hidden'],
  ] as const)(
    'a file that is %s since it was posted is refused in words (M7, M8, M9, M10)',
    async (state, words) => {
      const fileId = await rig.post(ADA, 'plan.txt');
      await rig.slack.control.setFileState({ fileId, state });
      await rig.says(rig.share('bob@example.com'), words);
      expect(await rig.db.shareDraft.count()).toBe(0);
    },
  );

  test('past the limit of the hour, Send says when to try again (B20, M15)', async () => {
    rig.limits.maxSharesPerHour = 1;
    await rig.post(ADA, 'plan.txt');
    const [first, second] = [rig.share('bob@example.com'), rig.share('eve@example.com')];
    await rig.says(first, 'Send 1 file');
    await rig.says(second, 'Send 1 file');
    rig.press(first, 'send-draft');
    await rig.says(first, 'Saved: plan.txt.');
    rig.press(second, 'send-draft');
    await rig.says(second, "You've reached 1 share this hour. Try again");
    expect(await rig.db.share.count()).toBe(1);
  });

  test('a deleted file is left out while there is another', async () => {
    await rig.slack.control.setFileState({ fileId: await rig.post(ADA, 'wrong.txt'), state: 'deleted' });
    await rig.post(ADA, 'right.txt');
    expect(await rig.says(rig.share('bob@example.com'), 'Send 1 file')).toContain('right.txt');
  });

  test('Slack being down is said as such, and no file is left out because of it (B18)', async () => {
    await rig.post(ADA, 'plan.txt');
    rig.slack.faults.webApiDown = true;
    await rig.says(rig.share('bob@example.com'), 'I could not fetch The file from Slack');
  });

  test('an event that comes twice leaves one file to offer', async () => {
    rig.slack.faults.duplicateEvents = true;
    await rig.post(ADA, 'plan.txt');
    await rig.until(async () => rig.slack.control.state().events.some(({ attempts }) => attempts === 2));
    await rig.says(rig.share('bob@example.com'), 'Send 1 file');
  });

  test.each([
    ['hello', "These don't look like email addresses: hello. Nothing was sent."],
    ['bob@example.com @grace', "I can't look up @grace's email."],
    ['<@U1|grace>', "I can't look up @grace's email."],
    ['a@x.co b@x.co c@x.co d@x.co e@x.co f@x.co', 'You added 6 addresses; one share can go to 5.'],
    ['<script> &', "These don't look like email addresses: script, &amp;. Nothing was sent."],
  ])('/share %s is refused before any file is looked for (M2, M3, M4, M4b)', async (text, words) => {
    await rig.says(rig.share(text), words);
  });

  test('/share help says how it works, and an unknown command is acknowledged (B14)', async () => {
    await rig.says(rig.share(' HELP '), 'Share files by e-mail');
    const unknown = rig.slack.control.runCommand({
      userId: ADA,
      channelId: GENERAL,
      command: '/other',
      text: '',
    });
    await rig.until(async () => unknown.acknowledged);
  });
});

describe('/share alone', () => {
  const fill = async (viewId: string, values: Record<string, string>, names: string[] = ['plan.txt']) => {
    const files = { files: await Promise.all(names.map((name) => rig.hold(ADA, name))) };
    return rig.slack.control.submitView({ userId: ADA, viewId, values, files });
  };

  test('opens a form whose submission is the share, answered where the command was typed (B3)', async () => {
    const command = rig.share('  ');
    const viewId = await rig.form(command);
    await fill(viewId, { emails: 'bob@example.com', message: 'Hello', lifetime: '30' }, ['a.txt', 'b.txt']);
    await rig.says(command, 'Saved: a.txt, b.txt.');
    const share = await rig.db.share.findFirstOrThrow({ include: { attachments: true } });
    expect(share).toMatchObject({ message: 'Hello', requestKey: `slack:${viewId}` });
    expect(share.expiresAt.getTime() - share.createdAt.getTime()).toBe(30 * 24 * 3_600_000);
    const notice = await rig.db.chatNotice.findFirstOrThrow();
    expect(notice).toMatchObject({ userId: ADA, replyHandle: command.responseUrl });
  });

  test('a wrong address is said at its field, the form keeps what was filled in, and the next try goes through (B4)', async () => {
    const command = rig.share('');
    const viewId = await rig.form(command);
    await fill(viewId, { emails: 'bob' });
    const { control } = rig.slack;
    const view = await control.waitFor(() =>
      control.views({ userId: ADA }).find((open) => open.errors['emails']),
    );
    expect(view.errors).toEqual({ emails: "These don't look like email addresses: bob. Nothing was sent." });
    await fill(viewId, { emails: 'bob@example.com' });
    await rig.says(command, 'Saved: plan.txt.');
  });

  test('an empty file is refused after the form is gone, where the command was typed', async () => {
    const command = rig.share('');
    const viewId = await rig.form(command);
    const fileId = await rig.hold(ADA, 'void.txt', '');
    await rig.slack.control.submitView({
      userId: ADA,
      viewId,
      values: { emails: 'bob@example.com' },
      files: { files: [fileId] },
    });
    await rig.says(command, 'void.txt is empty');
  });

  test("somebody else's file in a submission is refused", async () => {
    const command = rig.share('');
    const viewId = await rig.form(command);
    const fileId = await rig.hold(GRACE, 'salaries.txt');
    await rig.slack.control.submitView({
      userId: ADA,
      viewId,
      values: { emails: 'bob@example.com' },
      files: { files: [fileId] },
    });
    expect(await rig.says(command, 'only send files that you uploaded yourself')).not.toContain('salaries');
    expect(await rig.db.share.count()).toBe(0);
  });

  test('a form that cannot be opened is said', async () => {
    rig.slack.faults.webApiDown = true;
    await rig.says(rig.share(''), 'This does not work at the moment');
  });
});
