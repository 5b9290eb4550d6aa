import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeChatSettings } from '../../core/accounts/chat-settings.js';
import { ADA, GENERAL, GRACE, startRig, type Rig } from './discord-rig.js';

let rig: Rig;
let accountId: string;

beforeAll(async () => {
  rig = await startRig();
});

beforeEach(async () => {
  accountId = (await rig.connectAccount()).id;
});

afterEach(async () => {
  await rig.db.chatIdentity.deleteMany();
  await rig.db.shareDraft.deleteMany();
});

afterAll(() => rig.stop());

const control = () => rig.discord.control;
const until = async <T>(look: () => Promise<T | null | undefined> | T | null | undefined): Promise<T> => {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline;) {
    const seen = await look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not seen: ${String(look)}`);
};
const modalOf = (id: string) => until(() => control().interaction(id).modal);
const submit = (interactionId: string, values: Record<string, string | string[]>, files = {}) =>
  control().submitModal({ userId: ADA, interactionId, values, files }).interactionId;
const directly = async (text: string) => {
  const { channelId } = control().openDirectMessage({ userId: ADA });
  return until(() =>
    control()
      .messages({ channelId, userId: ADA })
      .find(({ content }) => content.includes(text)),
  );
};

describe('/share without a file', () => {
  test('opens a form that takes ten files and says how large they may be', async () => {
    const id = rig.command('share', { emails: 'bob@example.com' });
    const modal = JSON.stringify(await modalOf(id));
    expect(modal).toContain('"max_values":10');
    expect(modal).toContain('Up to 10 files of 500 MB each');
    expect(modal).toContain('bob@example.com');
    const uploads = [await rig.upload('a.pdf'), await rig.upload('b.pdf')];
    const sent = submit(
      id,
      { emails: 'bob@example.com', message: 'Hi', lifetime: ['30'] },
      {
        files: uploads.map((file) => file.id),
      },
    );
    await rig.reads(sent, 'Saved: a.pdf, b.pdf');
    expect(await rig.requestOf(sent)).toMatchObject({ message: 'Hi', entrance: 'DISCORD' });
  });

  test('wrong addresses in the form can be mended, and the files are kept (B4)', async () => {
    const id = rig.command('share');
    await modalOf(id);
    const file = await rig.upload('kept.pdf');
    const wrong = submit(id, { emails: 'bob', message: '' }, { files: [file.id] });
    const answer = await rig.reads(wrong, "These don't look like email addresses: bob.");
    const button = /"custom_id":"(fix:[^"]+)"/.exec(JSON.stringify(answer.components))?.[1] ?? '';
    const again = rig.press(wrong, button);
    const modal = JSON.stringify(await modalOf(again));
    expect(modal).toContain('• kept.pdf');
    expect(modal).toContain('"value":"bob"');
    const sent = submit(again, { emails: 'bob@example.com', message: '' });
    await rig.reads(sent, 'Saved: kept.pdf');
  });

  test('is in the language of the person (B15)', async () => {
    const id = rig.command('share', {}, { locale: 'de' });
    expect(JSON.stringify(await modalOf(id))).toContain('Per E-Mail teilen');
  });
});

describe('Share files by email, in the menu of a message, also of a colleague whom one reads (B2, B19)', () => {
  const post = async (userId: string, content: string, names: string[]) => {
    const files = await Promise.all(names.map((name) => rig.upload(name, Buffer.from(name), userId)));
    const attachmentIds = files.map((file) => file.id);
    return control().postMessage({ userId, channelId: GENERAL, content, attachmentIds }).messageId;
  };
  const use = (messageId: string) =>
    control().useMessageCommand({ userId: ADA, messageId, command: 'Share files by email' }).interactionId;

  test('names the files of the message, and sends them', async () => {
    const id = use(await post(GRACE, 'Look at this', ['plan.pdf', 'map.pdf']));
    expect(JSON.stringify(await modalOf(id))).toContain('• plan.pdf');
    const sent = submit(id, { emails: 'bob@example.com', message: '' });
    await rig.reads(sent, 'Saved: plan.pdf, map.pdf');
  });

  test('a message without files says so', async () => {
    await rig.reads(use(await post(GRACE, 'Hello', [])), 'This message has no files.');
  });
});

describe('a message', () => {
  const post = async (channelId: string, content: string, names: string[] = []) => {
    const files = await Promise.all(
      names.map((name) =>
        control().uploadFile({
          userId: ADA,
          channelId,
          name,
          contentType: 'application/pdf',
          bytes: Buffer.from(name),
        }),
      ),
    );
    return control().postMessage({
      userId: ADA,
      channelId,
      content,
      attachmentIds: files.map(({ id }) => id),
    });
  };
  const mention = () => `<@${control().state().botId}>`;

  test('that mentions us, with files and addresses, is a share; the card comes directly (B2)', async () => {
    await changeChatSettings({ db: rig.db }, accountId, { confirmsShares: true });
    await post(GENERAL, `${mention()} bob@example.com`, ['mentioned.pdf']);
    const card = await directly('mentioned.pdf');
    expect(card.content).toContain('Send 1 file to 1 person?');
    const customId = /"custom_id":"(send-draft:[^"]+)"/.exec(JSON.stringify(card.components))?.[1] ?? '';
    control().pressButton({ userId: ADA, messageId: card.id, customId });
    await until(() => rig.db.share.findFirst({ where: { accountId } }));
  });

  test('to us directly does the same, and commands work there too', async () => {
    const { channelId } = control().openDirectMessage({ userId: ADA });
    await changeChatSettings({ db: rig.db }, accountId, { confirmsShares: true });
    await post(channelId, 'bob@example.com', ['direct.pdf']);
    await directly('direct.pdf');
    await post(channelId, 'settings');
    await directly('How you share from chat');
    await post(channelId, 'bob@example.com');
    await directly('Attach the files to your message');
  });

  test('of others, or that mentions us to somebody without direct messages, shows nothing in the channel', async () => {
    await changeChatSettings({ db: rig.db }, accountId, { confirmsShares: true });
    await post(GENERAL, 'bob@example.com', ['unmentioned.pdf']);
    rig.discord.faults.dmClosed = [ADA];
    await post(GENERAL, `${mention()} bob@example.com`, ['closed.pdf']);
    const said = await until(() =>
      control()
        .messages({ channelId: GENERAL })
        .find(({ content }) => content.includes("I can't write to you directly")),
    );
    rig.discord.faults.dmClosed = [];
    expect(said.content).not.toMatch(/closed\.pdf|bob/);
    const drafts = await rig.db.shareDraft.findMany();
    expect(JSON.stringify(drafts)).not.toContain('unmentioned.pdf');
  });
});
