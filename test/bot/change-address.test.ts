import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../core/ports.js';
import { oweMailNews } from '../../core/notices.js';
import type { Platform } from '../../prisma/generated/enums.js';
import { readyShare } from '../support/shares.js';
import { ADA as DISCORD_ADA, startRig, type Rig } from './discord-rig.js';
import { ADA, ADA_DM, SlackBotRig, TEAM } from './slack-rig.js';

/** A share of somebody in chat, whose mail to Bob came back. */
async function bouncedShare(
  db: Database,
  accountId: string,
  who: { platform: Platform; workspaceId: string; teamId: string; userId: string },
): Promise<{ shareId: string; deliveryId: string }> {
  const shareId = await readyShare(db, accountId, { emails: ['bob@example.com', 'eve@example.com'] });
  await db.chatNotice.create({ data: { kind: 'SHARE', subjectId: shareId, ...who } });
  const delivery = await db.delivery.findFirstOrThrow({ where: { shareId, email: 'bob@example.com' } });
  await db.delivery.update({ where: { id: delivery.id }, data: { state: 'BOUNCED' } });
  return { shareId, deliveryId: delivery.id };
}

const addresses = async (db: Database, shareId: string) =>
  (await db.recipient.findMany({ where: { shareId, revokedAt: null }, orderBy: { email: 'asc' } })).map(
    ({ email }) => email,
  );

describe('Slack: Change address on the message of a mail that bounced (M19)', () => {
  let rig: SlackBotRig;
  let shareId: string;

  beforeEach(async () => {
    rig = await SlackBotRig.start();
    const account = await rig.connect(ADA);
    const who = { platform: 'SLACK', workspaceId: TEAM, teamId: TEAM, userId: ADA } as const;
    const bounced = await bouncedShare(rig.db, account.id, who);
    shareId = bounced.shareId;
    await oweMailNews(rig.database.pool, shareId, bounced.deliveryId);
  });

  afterEach(() => rig.stop());

  const bounceMessage = () =>
    rig.slack.control.waitFor(() =>
      rig.slack.control
        .messages({ userId: ADA, channelId: ADA_DM })
        .find(({ text }) => text.includes('bob@example.com bounced')),
    );

  test('opens a form, in which a wrong address is said at its field, and a right one gets the share', async () => {
    const { ts: messageTs } = await bounceMessage();
    const { control } = rig.slack;
    const pressed = control.pressButton({ userId: ADA, messageTs, actionId: 'change-address' });
    const viewId = await rig.form(pressed);
    for (const [address, words] of [
      ['rob', "These don't look like email addresses: rob. Nothing was sent."],
      ['rob@example.com jim@example.com', 'Enter one address. Nothing was sent.'],
    ] as const) {
      await control.submitView({ userId: ADA, viewId, values: { address } });
      await control.waitFor(() =>
        control.views({ userId: ADA }).some(({ errors }) => errors['address'] === words),
      );
    }
    await control.submitView({ userId: ADA, viewId, values: { address: 'rob@example.com' } });
    await rig.says(pressed, 'Sent to rob@example.com instead, with a link of their own.');
    expect(await addresses(rig.db, shareId)).toEqual(['eve@example.com', 'rob@example.com']);
  });

  test('says why where somebody else has the share already', async () => {
    const { ts: messageTs } = await bounceMessage();
    const { control } = rig.slack;
    const pressed = control.pressButton({ userId: ADA, messageTs, actionId: 'change-address' });
    const viewId = await rig.form(pressed);
    await control.submitView({ userId: ADA, viewId, values: { address: 'eve@example.com' } });
    await rig.says(pressed, 'eve@example.com has this share already. Nothing was sent.');
    expect(await addresses(rig.db, shareId)).toEqual(['bob@example.com', 'eve@example.com']);
  });
});

describe('Discord: the same', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await startRig();
  });

  afterEach(() => rig.stop());

  test('opens a form, and a wrong address is said', async () => {
    const { id: accountId } = await rig.connectAccount();
    const who = { platform: 'DISCORD', workspaceId: '', teamId: '', userId: DISCORD_ADA } as const;
    const { shareId, deliveryId } = await bouncedShare(rig.db, accountId, who);
    await oweMailNews(rig.pool, shareId, deliveryId);
    const { control } = rig.discord;
    const { channelId } = control.openDirectMessage({ userId: DISCORD_ADA });
    const message = await until(() =>
      control.messages({ channelId }).find(({ content }) => content.includes('bob@example.com bounced')),
    );
    const customId = /"custom_id":"(change-address:[^"]+)"/.exec(JSON.stringify(message.components))?.[1];
    const press = () => {
      const pressed = { userId: DISCORD_ADA, messageId: message.id, customId: customId ?? '' };
      return control.pressButton(pressed).interactionId;
    };
    const submit = async (address: string) => {
      const opened = press();
      await control.waitFor(opened, ({ modal }) => Boolean(modal));
      return control.submitModal({ userId: DISCORD_ADA, interactionId: opened, values: { address } })
        .interactionId;
    };
    await rig.reads(await submit('rob'), "These don't look like email addresses: rob.");
    await rig.reads(await submit('rob@example.com'), 'Sent to rob@example.com instead');
    expect(await addresses(rig.db, shareId)).toEqual(['eve@example.com', 'rob@example.com']);
  });
});

async function until<T>(look: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const seen = look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error('not seen');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
