import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLog } from '../../core/shares/workspace-log.js';
import type { LocalSlack } from '../../local/slack/start-slack.js';
import { ADA, EDSGER, GENERAL, GLOBEX, GRACE, SlackBotRig, TEAM } from './slack-rig.js';

const ORGANISATION = { id: 'E0WORLD001', name: 'World' };

/** What one person sees and does in the Home tab of a Slack. */
function homeOf(slack: () => LocalSlack, userId: string) {
  const control = () => slack().control;
  const reads = () => JSON.stringify(control().home({ userId })?.content.blocks ?? '');
  return {
    reads,
    /** Shown anew: what stood there before may read the same. */
    open: async () => {
      const before = control().home({ userId })?.hash;
      control().openHome({ userId });
      await control().waitFor(() => {
        const shown = control().home({ userId });
        return shown !== null && shown.hash !== before;
      });
    },
    shows: async (text: string) => {
      await control()
        .waitFor(() => reads().includes(text))
        .catch(() => {
          throw new Error(`expected "${text}", but it reads ${reads()}`);
        });
      return reads();
    },
    press: (actionId: string) =>
      control().pressButton({ userId, viewId: control().home({ userId })!.id, actionId }),
    form: ({ id }: { id: string }) => control().waitFor(() => control().interaction(id).viewIds[0]),
    save: (viewId: string, values: Record<string, string>) =>
      control().submitView({ userId, viewId, values }),
  };
}

describe('by Socket Mode, for those whom the operator names', () => {
  let rig: SlackBotRig;
  beforeAll(async () => {
    rig = await SlackBotRig.start();
  });
  afterAll(() => rig.stop());
  beforeEach(async () => {
    await rig.db.chatIdentity.deleteMany();
    await rig.db.workspaceRules.deleteMany();
    await rig.db.slackFileSeen.deleteMany();
    for (const userId of [ADA, GRACE]) await rig.connect(userId);
  });
  const [ada, grace] = [ADA, GRACE].map((userId) => homeOf(() => rig.slack, userId)) as [
    ReturnType<typeof homeOf>,
    ReturnType<typeof homeOf>,
  ];
  const rules = () => rig.db.workspaceRules.findFirst();
  const set = async (values: Record<string, string>) => {
    await ada.open();
    await ada.shows('Rules of this workspace');
    await ada.save(await ada.form(ada.press('change-rules')), values);
    await ada.shows('Saved. The rules hold');
  };

  test('the Home tab has the rules and a form for them; nobody else sees any of it', async () => {
    await ada.open();
    expect(await ada.shows('Rules of this workspace')).toContain('Recipients: anybody');
    const viewId = await ada.form(ada.press('change-rules'));
    const wrong = await ada.save(viewId, { domains: 'example.com, nonsense', size: 'many' });
    await rig.slack.control.waitFor(() => rig.slack.control.interaction(wrong.id).acknowledged);
    expect(rig.slack.control.views({ userId: ADA }).at(-1)?.errors).toEqual({
      domains: expect.stringContaining('These are none: nonsense.') as string,
      size: expect.stringContaining('Write a number of MB') as string,
    });
    await ada.save(viewId, { domains: 'Example.com', lifetime: '1', size: '2' });
    expect(await ada.shows('Saved.')).toContain('Recipients: example.com only');
    expect(ada.reads()).toContain('Longest expiry: 1 day');
    expect(await rules()).toMatchObject({
      ...{ platform: 'SLACK', workspaceId: TEAM, updatedBy: ADA, allowedDomains: ['example.com'] },
      ...{ maxLifetimeDays: 1, maxFileBytes: 2n * 1024n ** 2n },
    });
    ada.press('history');
    await ada.shows('Rules of this workspace');

    await grace.open();
    await grace.shows('You have shared nothing yet.');
    expect(grace.reads()).not.toMatch(/Rules of this workspace|change-rules|export-log/);
  });

  test('an address that the rules do not allow is refused by name, and mended in a form with what they allow', async () => {
    await set({ domains: 'example.com', lifetime: '1' });
    await rig.post(GRACE, 'plan.txt');
    const command = rig.share('bob@elsewhere.org', GRACE);
    await rig.says(command, 'bob@elsewhere.org is refused by a rule of this workspace');
    expect(await rig.db.share.count()).toBe(0);
    const viewId = await rig.form(rig.press(command, 'fix'));
    const form = JSON.stringify(rig.slack.control.views({ userId: GRACE }).at(-1)?.content);
    expect(form).toContain('1 day');
    expect(form).not.toContain('7 days');
    await rig.slack.control.submitView({ userId: GRACE, viewId, values: { emails: 'bob@example.com' } });
    const made = await rig.until(() => rig.db.share.findFirst());
    expect(made.workspaceIds).toEqual([TEAM]);
  });

  test('Send on a card that is older than the rules is refused', async () => {
    await rig.post(GRACE, 'plan.txt');
    const before = await rig.db.share.count();
    const command = rig.share('bob@elsewhere.org', GRACE);
    await rig.says(command, 'Send 1 file to 1 person?');
    await set({ domains: 'example.com' });
    rig.press(command, 'send-draft');
    await rig.says(command, 'bob@elsewhere.org is refused by a rule of this workspace');
    expect(await rig.db.share.count()).toBe(before);
  });

  test('the share log is offered as a link for the account of whoever asked', async () => {
    await ada.open();
    await ada.shows('Rules of this workspace');
    ada.press('export-log');
    const [, token = ''] = /https:\/\/portal\.test\/workspace-log\/([^"]+)"/.exec(
      await ada.shows('workspace-log'),
    )!;
    const { accountId } = await rig.db.chatIdentity.findFirstOrThrow({ where: { userId: ADA } });
    expect(await openLog(rig.deps, accountId, token)).toEqual({ platform: 'SLACK', workspaceId: TEAM });

    await rig.db.chatIdentity.deleteMany({ where: { userId: ADA } });
    ada.press('history');
    await ada.shows('Connect your Passalong account first.');
    ada.press('export-log');
    await ada.shows('Connect your Passalong account first.');
    expect(await rig.db.logExport.count()).toBe(0);
  });
});

describe('over HTTP, for whoever installed the app', () => {
  let rig: SlackBotRig;
  const [ada, grace, edsger] = [ADA, GRACE, EDSGER].map((userId) => homeOf(() => rig.slack, userId)) as [
    ReturnType<typeof homeOf>,
    ReturnType<typeof homeOf>,
    ReturnType<typeof homeOf>,
  ];
  const connect = (userId: string) => rig.connect(userId, ORGANISATION.id);

  beforeEach(async () => {
    rig = await SlackBotRig.prepare('HTTP', { enterprise: ORGANISATION });
    await rig.startBot();
  });

  afterEach(() => rig.stop());

  test('who installed it in one workspace sets its rules, as long as nobody else installs it anew', async () => {
    await rig.install(ADA);
    for (const userId of [ADA, GRACE]) await connect(userId);
    await grace.open();
    await grace.shows('You have shared nothing yet.');
    expect(grace.reads()).not.toContain('rules');
    await ada.open();
    await ada.shows('Rules of this workspace');
    const viewId = await ada.form(ada.press('change-rules'));

    await rig.install(GRACE);
    await ada.save(viewId, { domains: 'example.com' });
    await ada.shows('Only whoever administers this workspace can do this.');
    expect(await rig.db.workspaceRules.count()).toBe(0);

    await rig.db.installation.updateMany({ data: { installedBy: ADA } });
    await ada.open();
    await ada.shows('Rules of this workspace');
    await rig.db.installation.updateMany({ data: { installedBy: GRACE } });
    ada.press('export-log');
    await ada.shows('Only whoever administers this workspace can do this.');
    expect(await rig.db.logExport.count()).toBe(0);

    await rig.db.installation.updateMany({ data: { installedBy: ADA } });
    await ada.open();
    await ada.shows('Rules of this workspace');
    await rig.db.installation.updateMany({ data: { installedBy: GRACE } });
    const pressed = ada.press('change-rules');
    await ada.shows('Only whoever administers this workspace can do this.');
    expect(rig.slack.control.interaction(pressed.id).viewIds).toEqual([]);
  });

  test('who installed it in an organisation sets the rules of all its workspaces, next to their own', async () => {
    await rig.install(ADA);
    await rig.install(EDSGER, true);
    for (const userId of [ADA, EDSGER, GRACE]) await connect(userId);
    await edsger.open();
    await edsger.shows('Rules of this workspace');
    await edsger.save(await edsger.form(edsger.press('change-rules')), {
      domains: 'example.com, *.example.org',
    });
    await edsger.shows('Saved.');
    await ada.open();
    await ada.shows('Rules of this workspace');
    await ada.save(await ada.form(ada.press('change-rules')), { domains: 'example.com' });
    await ada.shows('Saved.');
    const rules = await rig.db.workspaceRules.findMany({ orderBy: { workspaceId: 'asc' } });
    expect(rules).toMatchObject([{ workspaceId: ORGANISATION.id }, { workspaceId: TEAM }]);

    const share = async (userId: string, channelId: string, text: string, says: string) => {
      await rig.post(userId, 'plan.txt', channelId);
      const command = rig.share(text, userId, channelId);
      await rig.says(command, says);
      return command;
    };
    const inGlobex = (text: string, says: string) => share(EDSGER, 'C0GLOBEX01', text, says);
    await inGlobex('bob@elsewhere.org', 'allows recipients at example.com, *.example.org only');
    await share(GRACE, GENERAL, 'bob@a.example.org', 'allows recipients at example.com only');
    const card = await inGlobex('bob@a.example.org', 'Send');
    rig.press(card, 'send-draft');
    const made = await rig.until(() => rig.db.share.findFirst());
    expect(made.workspaceIds).toEqual([GLOBEX, ORGANISATION.id]);
    await grace.open();
    await grace.shows('You have shared nothing yet.');
    expect(grace.reads()).not.toContain('rules');
  });

  test('uninstalling forgets the rules, and the links to its log', async () => {
    await rig.install(ADA);
    await connect(ADA);
    await ada.open();
    await ada.shows('Rules of this workspace');
    await ada.save(await ada.form(ada.press('change-rules')), { domains: 'example.com' });
    await ada.shows('Saved.');
    ada.press('export-log');
    await ada.shows('workspace-log');
    rig.slack.control.uninstall({ teamId: TEAM });
    await rig.until(async () => (await rig.db.installation.count()) === 0);
    expect(await rig.db.workspaceRules.count()).toBe(0);
    expect(await rig.db.logExport.count()).toBe(0);
  });
});
