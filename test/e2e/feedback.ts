import { beforeAll, describe, expect, test } from 'vitest';
import { call, waitFor } from '../../local/demo/entrance.js';
import { discordPerson, type ChatFile } from '../support/chat-people.js';
import { mailsTo } from '../support/inbox.js';
import { signIn, type PortalPerson } from '../support/portal-person.js';
import { sharedStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

const file = (name: string): ChatFile => ({ name, bytes: Buffer.from(`These are the bytes of ${name}.`) });
const simulator = (name: string): string => `${name}@simulator.amazonses.com`;

let stack: TestStack;
let ada: PortalPerson;

beforeAll(async () => {
  stack = sharedStack();
  // What was mailed before counts no more when an account is paused for its bounces.
  await stack.query(`UPDATE delivery SET created_at = created_at - interval '8 days'`);
  ada = await signIn(stack.urls.portal, stack.account);
});

interface Statuses {
  isSettled: boolean;
  recipients: Record<string, { label: string; help: string }>;
  resendable: string[];
}

/** What the sender's page says of each address, once all of it is settled. */
async function settledPage(shareId: string): Promise<Record<string, string>> {
  const statuses = await waitFor('the page to settle', async () => {
    const { json } = await ada.client.get(`/shares/${shareId}/state`);
    return (json as Statuses).isSettled ? (json as Statuses) : null;
  });
  expect(statuses.resendable, 'nothing here can be sent again now').toEqual([]);
  const recipients = await stack.query<{ id: string; email: string }>(
    'SELECT id, email FROM recipient WHERE share_id = $1',
    [shareId],
  );
  return Object.fromEntries(recipients.map(({ id, email }) => [email, statuses.recipients[id]?.label ?? '']));
}

describe('what became of a mail', () => {
  test('shows on the page; an address that bounced is not mailed again, and nobody hears why', async () => {
    const gone = simulator('bounce+portal');
    const good = 'good@example.com';
    const { shareId } = await ada.share([file('first.txt')], `${gone} ${good}`);
    expect(await settledPage(shareId)).toEqual({ [gone]: 'Bounced', [good]: 'Delivered' });
    expect((await ada.client.get(`/shares/${shareId}`)).text).toContain('The mail came back.');

    const again = await ada.share([file('second.txt')], `${gone} ${good}`);
    expect(await settledPage(again.shareId)).toEqual({ [gone]: 'Not delivered', [good]: 'Delivered' });
    const { text: page } = await ada.client.get(`/shares/${again.shareId}`);
    expect(page).toContain('could not be delivered');
    expect(page).not.toMatch(/suppress|list/i);
    expect(await mailsTo(stack.urls.inbox, gone)).toHaveLength(1);
    expect(await mailsTo(stack.urls.inbox, good)).toHaveLength(2);
    const rows = await stack.query<{ state: string }>(
      'SELECT state FROM delivery WHERE email = $1 ORDER BY created_at',
      [gone],
    );
    expect(rows.map(({ state }) => state)).toEqual(['BOUNCED', 'SUPPRESSED']);
  });

  test('shows in the answer in chat, which is edited as the news comes', async () => {
    // Discord lets an answer be edited as often as it takes; Slack five times.
    const discord = discordPerson(stack.urls.discord, '100100000000000001');
    const gone = simulator('bounce+chat');
    const card = await discord.share([file('chat.txt')], `${gone} chat@example.com`);
    const answer = await card.press('Send');
    await answer.waitFor(/— delivered/);
    expect(await answer.waitFor(`${gone} — bounced`)).toContain('chat@example.com — delivered');
  });

  test('is known by its event where the answer of SES was lost', async () => {
    await call(`${stack.urls.inbox}/_control/faults`, {
      method: 'PUT',
      body: JSON.stringify({ mode: 'accept-then-reset', count: 1 }),
    });
    const to = 'lost@example.com';
    const { shareId } = await ada.share([file('lost.txt')], to);
    expect(await settledPage(shareId)).toEqual({ [to]: 'Delivered' });
    expect(await mailsTo(stack.urls.inbox, to)).toHaveLength(1);
  });

  test('called spam by two people pauses the sender', async () => {
    const [one, two] = [simulator('complaint+1'), simulator('complaint+2')];
    const { shareId } = await ada.share([file('spam.txt')], `${one} ${two}`);
    const settled = async () =>
      (
        await stack.query('SELECT 1 FROM account WHERE email = $1 AND paused_at IS NOT NULL', [
          stack.account.email,
        ])
      )[0];
    await waitFor('the account to be paused', settled);
    await waitFor('the page', async () => {
      const page = await settledPage(shareId);
      return page[one] === 'Marked as spam' && page[two] === 'Marked as spam' ? page : null;
    });
    const refused = await ada.announce([file('more.txt')], 'bob@example.com');
    expect([refused.status, refused.message]).toEqual([
      403,
      expect.stringContaining('Sharing is paused for this account.'),
    ]);
  });
});
