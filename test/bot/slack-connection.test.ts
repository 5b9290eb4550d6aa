import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSlackAnswers } from '../../bot/slack/slack-answers.js';
import type { SpokenAnswer } from '../../bot/chat.js';
import { WebClient } from '@slack/web-api';
import { ADA, ADA_DM, GENERAL, SlackBotRig, TEAM } from './slack-rig.js';

let rig: SlackBotRig;

const at = (replyHandle = '', userId = ADA) =>
  ({ userId, teamId: TEAM, workspaceId: TEAM, replyHandle, language: 'en' }) as const;
const said = (text: string): SpokenAnswer => ({ lines: [text], buttons: [], isFinal: true });

beforeEach(async () => {
  rig = await SlackBotRig.prepare();
});

afterEach(() => rig.stop());

test('with Slack down at boot the process lives, and joins once Slack is back (B18)', async () => {
  await rig.slack.close();
  await rig.startBot();
  expect(rig.log.lines).toContainEqual(expect.objectContaining({ message: 'no connection to Slack' }));
  await rig.restartSlack();
  await rig.until(async () => rig.slack.socketMode?.connectionCount() === 1, 10_000);
  await rig.says(rig.share('help'), 'Share files by e-mail');
});

test('a Web API that fails at boot does not end the process either', async () => {
  rig.slack.faults.webApiDown = true;
  await rig.startBot();
  rig.slack.faults.webApiDown = false;
  await rig.until(async () => rig.slack.socketMode?.connectionCount() === 1, 10_000);
});

test('a lost connection is replaced, also where Slack does not answer at first', async () => {
  await rig.startBot();
  const reconnected = async (): Promise<void> => {
    await rig.until(async () => rig.slack.socketMode?.connectionCount() === 0);
    rig.slack.faults.webApiDown = false;
    await rig.until(async () => rig.slack.socketMode?.connectionCount() === 1, 10_000);
  };
  rig.slack.socketMode?.disconnectAll('refresh_requested');
  await reconnected();
  rig.slack.faults.webApiDown = true;
  rig.slack.socketMode?.disconnectAll('refresh_requested');
  await reconnected();
  await rig.says(rig.share('help'), 'Share files by e-mail');
});

test('a stop waits for an answer that is under way, and hears nothing afterwards', async () => {
  await rig.startBot();
  const locker = await rig.database.pool.connect();
  await locker.query('BEGIN');
  await locker.query('LOCK TABLE slack_file_seen IN ACCESS EXCLUSIVE MODE');
  const command = rig.share('bob@example.com');
  await rig.until(async () => command.acknowledged);
  const stopped = rig.platform.stop();
  await locker.query('ROLLBACK');
  locker.release();
  await stopped;
  expect(command.responses).toHaveLength(1);
  expect(rig.share('help')).toBeDefined();
  expect(rig.slack.socketMode?.connectionCount()).toBe(0);
});

test('no name, address, URL or token reaches the log (B16)', async () => {
  await rig.startBot();
  await rig.connect(ADA);
  await rig.post(ADA, 'plan.txt');
  const external = await rig.hold(ADA, 'secret-plan.txt');
  await rig.slack.control.setFileState({ fileId: external, state: 'external' });
  await rig.slack.control.postMessage({ userId: ADA, channelId: GENERAL, fileIds: [external] });
  await rig.until(async () => rig.log.lines.some(({ message }) => message === 'posted file not remembered'));
  const command = rig.share('bob@example.com');
  await rig.says(command, 'Send 1 file');
  rig.slack.faults.webApiDown = true;
  await rig.says(rig.share('eve@example.com'), 'could not fetch');
  rig.slack.socketMode?.disconnectAll('refresh_requested');
  await rig.until(
    async () => rig.log.lines.some(({ message }) => message === 'no connection to Slack'),
    10_000,
  );
  const written = JSON.stringify(rig.log.lines, (_, value: unknown) =>
    value instanceof Error ? `${value.message} ${value.stack ?? ''}` : value,
  );
  expect(written).not.toMatch(/plan\.txt|bob@|eve@|xoxb|xapp|responses\/|ticket=|@ada/);
});

describe('answers', () => {
  test('an answer is edited five times at most, and not after half an hour', async () => {
    await rig.startBot();
    const { platform } = rig;
    const command = rig.share('help');
    await rig.says(command, 'Share files');
    const url = command.responseUrl ?? '';
    const tries: boolean[] = [];
    for (const text of ['1', '2', '3', '4', '5', '6']) tries.push(await platform.edit(at(url), said(text)));
    expect(tries).toEqual([true, true, true, true, false, false]);
    const old = rig.share('help').responseUrl ?? '';
    rig.nowMs.offset = 31 * 60_000;
    expect(await platform.edit(at(old), said('late'))).toBe(false);
  });

  test('an answer is shown in place of the one before, to its reader alone', async () => {
    await rig.startBot();
    const command = rig.share('help');
    await rig.says(command, 'Share files');
    expect(await rig.platform.edit(at(command.responseUrl ?? ''), said('new words'))).toBe(true);
    expect(command.current).toMatchObject({ text: 'new words', onlyFor: ADA });
    expect(rig.slack.control.messages({ userId: ADA, channelId: GENERAL })).toHaveLength(1);
  });

  test.each([
    'https://hooks.slack.com/commands/1',
    'http://127.0.0.1:1/x',
    'https://evil.test/',
    'no url',
    '',
  ])('%s is not posted to by a bot of another Slack', async (url) => {
    await rig.startBot();
    expect(await rig.platform.edit(at(url), said('hello'))).toBe(false);
  });

  test('in production only hooks.slack.com is posted to', async () => {
    await rig.startBot();
    const { edit } = createSlackAnswers(
      () => Promise.resolve(new WebClient('xoxb-none')),
      'https://slack.com/api/',
    );
    const url = rig.share('help').responseUrl ?? '';
    for (const other of [
      url,
      'https://hooks.slack.com.evil.test/x',
      'http://hooks.slack.com/x',
      'https://slack.com/x',
    ]) {
      expect(await edit(at(other), said('hello'))).toBe(false);
    }
  });

  test('a direct message reaches a person, and a person who cannot be written to is no error', async () => {
    await rig.startBot();
    expect(await rig.platform.message(at(), said('hello'))).toBe(true);
    expect(rig.slack.control.messages({ userId: ADA, channelId: ADA_DM }).map(({ text }) => text)).toEqual([
      'hello',
    ]);
    expect(await rig.platform.message(at('', 'U0NOBODY01'), said('hello'))).toBe(false);
    rig.slack.faults.webApiDown = true;
    await expect(rig.platform.message(at(), said('hello'))).rejects.toThrow();
  });

  test('where a form says nothing usable about its answer, the answer comes as a direct message', async () => {
    await rig.startBot();
    await rig.connect(ADA);
    const command = rig.share('');
    const viewId = await rig.form(command);
    const [open] = rig.slack.control.views({ userId: ADA });
    Object.assign(open?.content ?? {}, {
      private_metadata: '{"url":"https://evil.test/","until":9e15,"left":99}',
    });
    const files = { files: [await rig.hold(ADA, 'void.txt', '')] };
    await rig.slack.control.submitView({ userId: ADA, viewId, values: { emails: 'bob@example.com' }, files });
    await rig.until(async () =>
      rig.slack.control
        .messages({ userId: ADA, channelId: ADA_DM })
        .some(({ text }) => text.includes('is empty')),
    );
    expect(command.responses).toEqual([]);
  });
});
