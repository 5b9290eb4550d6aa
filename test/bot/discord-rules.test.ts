import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { openLog } from '../../core/shares/workspace-log.js';
import { ADA, GENERAL, GRACE, LOUNGE, startRig, type Rig } from './discord-rig.js';

const GUILD = '200000000000000001';

let rig: Rig;
let accountId: string;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  for (const table of ['chatIdentity', 'shareDraft', 'workspaceRules', 'logExport'] as const)
    await (rig.db[table] as { deleteMany: () => Promise<unknown> }).deleteMany();
  control().setManager({ userId: ADA, managesGuilds: true });
  accountId = (await rig.connectAccount()).id;
});

const control = () => rig.discord.control;
const until = async <T>(look: () => Promise<T> | T): Promise<NonNullable<T>> => {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline;) {
    const seen = await look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not seen: ${String(look)}`);
};
const openForm = async (interactionId: string): Promise<string> => {
  const shown = JSON.stringify(control().interaction(interactionId).message?.components);
  const pressed = rig.press(interactionId, /"custom_id":"(change-rules[^"]*)"/.exec(shown)?.[1] ?? '');
  await until(() => control().interaction(pressed).modal);
  return pressed;
};
const submit = (interactionId: string, values: Record<string, string | string[]>) =>
  control().submitModal({ userId: ADA, interactionId, values }).interactionId;
const set = async (values: Record<string, string | string[]>): Promise<void> => {
  const shown = rig.command('share-rules');
  await rig.reads(shown, 'Rules of this workspace');
  await rig.reads(submit(await openForm(shown), values), 'Saved. The rules hold');
};
const refusal = 'Only whoever administers this workspace can do this.';

describe('/share-rules', () => {
  test('shows the rules to nobody else, and changes them by a form', async () => {
    const shown = rig.command('share-rules');
    const { content } = await rig.reads(shown, 'Rules of this workspace');
    expect(content).toContain('Recipients: anybody');
    expect(control().interaction(shown).ephemeral).toBe(true);
    const wrong = submit(await openForm(shown), { domains: 'nonsense', lifetime: ['30'], size: 'many' });
    await rig.reads(wrong, 'These are none: nonsense.');
    const reopened = await openForm(wrong);
    const typed = control().interaction(reopened).modal;
    expect(JSON.stringify(typed)).toMatch(/"value":"nonsense".*"value":"30","default":true.*"value":"many"/);
    const saved = submit(reopened, {
      ...{ domains: 'example.com bücher.example', lifetime: ['1'], size: '2' },
    });
    const card = await rig.reads(saved, 'Saved.');
    expect(card.content).toContain('Recipients: example.com, bücher.example only');
    expect(card.content).toContain('Largest file: 2 MB');
    expect(await rig.db.workspaceRules.findFirst()).toMatchObject({
      ...{ platform: 'DISCORD', workspaceId: GUILD, updatedBy: ADA, maxLifetimeDays: 1 },
      allowedDomains: ['example.com', 'xn--bcher-kva.example'],
    });
    const again = control().interaction(await openForm(saved)).modal;
    expect(JSON.stringify(again)).toContain('"value":"example.com, bücher.example"');
  });

  test('stays as it is when whoever set it disconnects, which forgets the person alone (B17)', async () => {
    await set({ domains: 'example.com' });
    await rig.reads(rig.command('passalong', {}, { subcommand: 'disconnect' }), 'Disconnected.');
    expect([await rig.db.chatIdentity.count(), await rig.db.workspaceRules.count()]).toEqual([0, 1]);
    await rig.reads(
      rig.command('passalong', {}, { subcommand: 'history' }),
      'Connect your Passalong account',
    );
  });

  test('is offered to those who manage the server, and in servers that have the app', () => {
    const use = (userId: string, channelId: string) => () =>
      control().invokeCommand({ userId, channelId, command: 'share-rules' });
    expect(use(GRACE, GENERAL)).toThrow('no command "share-rules"');
    expect(use(ADA, LOUNGE)).toThrow('no command "share-rules"');
    expect(use(ADA, control().openDirectMessage({ userId: ADA }).channelId)).toThrow('no command');
  });

  test('asks anew for the permission: on the command, each button and the form', async () => {
    const shown = rig.command('share-rules');
    await rig.reads(shown, 'Rules of this workspace');
    const form = await openForm(shown);
    control().setManager({ userId: ADA, managesGuilds: false });
    await rig.reads(submit(form, { domains: 'example.com' }), refusal);
    expect(await rig.db.workspaceRules.count()).toBe(0);
    await rig.reads(rig.press(shown, 'export-log'), refusal);
    expect(await rig.db.logExport.count()).toBe(0);

    control().setManager({ userId: ADA, managesGuilds: true });
    const other = rig.command('share-rules');
    await rig.reads(other, 'Rules of this workspace');
    control().setManager({ userId: ADA, managesGuilds: false });
    const pressed = rig.press(other, 'change-rules');
    await rig.reads(pressed, refusal);
    expect(control().interaction(pressed).modal).toBeNull();
  });

  test('that a server opens to everybody still asks for the permission', async () => {
    const commands = control().state().commands['global'] ?? [];
    const command = commands.find(({ name }) => name === 'share-rules')!;
    const { default_member_permissions: wanted } = command;
    command.default_member_permissions = null;
    const { interactionId } = control().invokeCommand({
      ...{ userId: GRACE, channelId: GENERAL, command: 'share-rules' },
    });
    command.default_member_permissions = wanted;
    await rig.reads(interactionId, refusal);
  });

  test('offers the share log as a link for the account of whoever asked', async () => {
    const shown = rig.command('share-rules');
    await rig.reads(shown, 'Rules of this workspace');
    const answer = await rig.reads(rig.press(shown, 'export-log'), 'as CSV');
    const [, token = ''] = /workspace-log\/([^"]+)"/.exec(JSON.stringify(answer.components))!;
    expect(await openLog(rig.deps, accountId, token)).toEqual({ platform: 'DISCORD', workspaceId: GUILD });
  });
});

describe('a share in a server with rules', () => {
  test('is refused with the rule named, and mended in a form that still knows the server', async () => {
    await set({ domains: 'example.com', lifetime: ['1'] });
    const file = await rig.upload('kept.pdf');
    const wrong = rig.command('share', { file: file.id, emails: 'bob@elsewhere.org' });
    const answer = await rig.reads(wrong, 'bob@elsewhere.org is refused by a rule of this workspace');
    const button = /"custom_id":"(fix:[^"]+)"/.exec(JSON.stringify(answer.components))?.[1] ?? '';
    const again = rig.press(wrong, button);
    const modal = JSON.stringify(await until(() => control().interaction(again).modal));
    expect(modal).toContain('1 day');
    expect(modal).not.toContain('7 days');
    await rig.reads(submit(again, { emails: 'bob@else.org', message: '' }), 'bob@else.org is refused');
    const chosen = rig.command('share', { file: file.id, emails: 'bob@example.com', expires: 7 });
    await rig.reads(chosen, 'its administrator lets links live 1 day at most');
    const sent = rig.command('share', { file: file.id, emails: 'bob@example.com' });
    await rig.reads(sent, 'Saved: kept.pdf');
    expect((await rig.requestOf(sent))?.workspaceIds).toEqual([GUILD]);
  });

  test('is refused where a file is larger than a rule allows', async () => {
    await set({ size: '1' });
    const file = await rig.upload('large.pdf', Buffer.alloc(1024 ** 2 + 1));
    const refused = rig.command('share', { file: file.id, emails: 'bob@example.com' });
    await rig.reads(refused, 'and its administrator allows files up to');
  });

  test('from a message that mentions us, and from a card that is older than the rule, is refused too', async () => {
    await changeChatSettings({ db: rig.db }, accountId, { confirmsShares: true });
    const file = await rig.upload('old.pdf');
    const card = rig.command('share', { file: file.id, emails: 'bob@elsewhere.org' });
    const { components } = await rig.reads(card, 'Send 1 file to 1 person?');
    await set({ domains: 'example.com' });
    const send = /"custom_id":"(send-draft:[^"]+)"/.exec(JSON.stringify(components))?.[1] ?? '';
    await rig.reads(rig.press(card, send), 'bob@elsewhere.org is refused by a rule');

    const posted = await rig.upload('mentioned.pdf');
    const content = `<@${control().state().botId}> bob@mentioned.org`;
    control().postMessage({ userId: ADA, channelId: GENERAL, content, attachmentIds: [posted.id] });
    const { channelId } = control().openDirectMessage({ userId: ADA });
    const said = () => JSON.stringify(control().messages({ channelId, userId: ADA }));
    await until(() => said().includes('bob@mentioned.org is refused by a rule'));
    expect(await rig.db.share.count({ where: { accountId } })).toBe(0);
  });

  test('elsewhere follows other rules', async () => {
    await set({ domains: 'example.com' });
    const { channelId } = control().openDirectMessage({ userId: ADA });
    const upload = { userId: ADA, channelId, name: 'direct.pdf', contentType: 'application/pdf' };
    const file = await control().uploadFile({ ...upload, bytes: Buffer.from('%PDF') });
    const options = { file: file.id, emails: 'bob@elsewhere.org' };
    const { interactionId } = control().invokeCommand({ userId: ADA, channelId, command: 'share', options });
    await rig.reads(interactionId, 'Saved: direct.pdf');
    expect((await rig.requestOf(interactionId))?.workspaceIds).toEqual([]);
  });
});
