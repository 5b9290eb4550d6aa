import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADA, FILES, GENERAL, GRACE, SlackBotRig, TEAM } from './slack-rig.js';

let rig: SlackBotRig;

beforeEach(async () => {
  rig = await SlackBotRig.start();
  await rig.connect(ADA);
});

afterEach(() => rig.stop());

describe('/share with addresses', () => {
  test('names the own recent files, and only Send makes the share', async () => {
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

  test('what Slack makes of a mention, and what looks like markup, is refused as it was typed', async () => {
    await rig.says(rig.share('<@U1|grace>'), "I can't look up @grace's email.");
    const words = "These don't look like email addresses: script, &amp;. Nothing was sent.";
    await rig.says(rig.share('<script> &'), words);
  });

  test('/share help is understood however it is typed, and an unknown command is acknowledged', async () => {
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

  test('a form that cannot be opened is said', async () => {
    rig.slack.faults.webApiDown = true;
    await rig.says(rig.share(''), 'This does not work at the moment');
  });
});
