import { parse as parseDisposition } from 'content-disposition';
import { beforeAll, describe, expect, test } from 'vitest';
import { text } from '../../core/messages/messages.js';
import { discordPerson, slackPerson, type ChatFile } from '../support/chat-people.js';
import { linkIn, listMails, mailsTo, waitForMail } from '../support/inbox.js';
import { signIn, type PortalPerson } from '../support/portal-person.js';
import { sharedStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

const MAX_FILE_BYTES = 100_000;
const LONG_ADDRESS = `${'a'.repeat(308)}@example.com`;

const file = (name: string, size = 10): ChatFile => ({ name, bytes: Buffer.alloc(size, 'x') });
const plan = file('plan.txt');

let stack: TestStack;
let ada: PortalPerson;

/** How one and the same wish is said at each entrance. @returns what the person then sees */
const entrances = {
  portal: async (files: ChatFile[], emails: string) => {
    const { status, message, fields } = await ada.announce(files, emails);
    expect(status).toBe(400);
    return Object.values(fields)[0] ?? message;
  },
  Slack: async (files: ChatFile[], emails: string) => {
    const form = await slackPerson(stack.urls.slack, 'U0ADA00001').fillForm(files, emails);
    return form.errors['emails'] ?? form.waitFor(/./);
  },
  Discord: async (files: ChatFile[], emails: string) => {
    const answer = await discordPerson(stack.urls.discord, '100100000000000001').share(files, emails);
    return answer.waitFor(/./);
  },
};
const names = ['portal', 'Slack', 'Discord'] as const;

beforeAll(async () => {
  stack = sharedStack();
  ada = await signIn(stack.urls.portal, stack.account);
  await stack.query('UPDATE account SET undo_seconds = 0');
});

test('npm start uses the Postgres of DATABASE_URL', () => {
  expect(stack.output()).toMatch(/^ {2}Postgres +DATABASE_URL$/m);
  expect(stack.pids).not.toHaveProperty('postgres');
});

describe.each(names)('from %s, what cannot be sent is refused in words, and leaves nothing', (entrance) => {
  test('no address', async () => {
    const before = await countEverything();
    // A form has a field to fill in; a command is shown as it should be typed.
    const message = entrance === 'Discord' ? text('chat.no_recipients', {}) : text('recipients.none', {});
    expect(await entrances[entrance]([plan], ' , ')).toBe(message);
    expect(await countEverything()).toEqual(before);
  });

  test.each([
    [
      'six addresses',
      [plan],
      'a@b.co b@b.co c@b.co d@b.co e@b.co f@b.co',
      text('recipients.too_many', { count: 6, max: 5 }),
    ],
    [
      'malformed addresses',
      [plan],
      'ann@example.com bob@ carol.example.com jürgen@example.com',
      text('recipients.malformed', { addresses: ['bob@', 'carol.example.com', 'jürgen@example.com'] }),
    ],
    [
      'an address of 320 characters',
      [plan],
      LONG_ADDRESS,
      text('recipients.malformed', { addresses: [`${LONG_ADDRESS.slice(0, 57)}…`] }),
    ],
    ['an empty file', [file('empty.txt', 0)], 'a@b.co', text('file.empty', { name: 'empty.txt' })],
    [
      'a file over the limit',
      [plan, file('large.bin', MAX_FILE_BYTES + 1)],
      'a@b.co',
      text('file.too_large', {
        name: 'large.bin',
        sizeBytes: MAX_FILE_BYTES + 1,
        limitBytes: MAX_FILE_BYTES,
      }),
    ],
    [
      'a file of a type that is blocked (M21)',
      [plan, file('Setup.SCR')],
      'a@b.co',
      text('file.blocked_type', { name: 'Setup.SCR', type: 'scr' }),
    ],
  ])('%s', async (_, files, emails, message) => {
    const before = await countEverything();
    expect(await entrances[entrance](files, emails)).toBe(message);
    expect(await countEverything()).toEqual(before);
  });
});

test('no file, and eleven files', async () => {
  const before = await countEverything();
  expect(await entrances.portal([], 'a@b.co')).toBe(text('file.none', {}));
  const eleven = Array.from({ length: 11 }, (_, index) => file(`${index}.txt`));
  expect(await entrances.portal(eleven, 'a@b.co')).toBe(text('file.too_many', { max: 10 }));
  const answer = await slackPerson(stack.urls.slack, 'U0ADA00001').command('a@b.co');
  await answer.waitFor(text('chat.no_recent_file', {}));
  expect(await countEverything()).toEqual(before);
});

test('somebody who is not connected is asked to connect, and nothing is sent (M16)', async () => {
  const people = [
    slackPerson(stack.urls.slack, 'U0ALAN0001'),
    discordPerson(stack.urls.discord, '100300000000000003'),
  ];
  const before = await countEverything();
  for (const person of people) {
    const answer = await person.share([plan], 'a@b.co');
    expect(await answer.waitFor(/./)).toBe(text('chat.not_connected', {}));
    await (await answer.press('Not now')).waitFor(text('chat.cancelled', {}));
  }
  expect(await countEverything()).toEqual(before);
  const drafts = `SELECT 1 FROM share_draft WHERE user_id IN ('U0ALAN0001', '100300000000000003')`;
  expect(await stack.query(drafts)).toEqual([]);
});

test('addresses come as people and programs write them: duplicates are merged, domains may be international', async () => {
  const { inbox, slack } = stack.urls;
  await ada.share([plan], 'twice@example.com, TWICE@Example.com; Bob <bob@münchen.example>');
  await waitForMail(inbox, 'twice@example.com');
  await waitForMail(inbox, 'bob@xn--mnchen-3ya.example');
  expect(await mailsTo(inbox, 'twice@example.com')).toHaveLength(1);
  expect(await mailsTo(inbox, 'TWICE@example.com')).toHaveLength(0);

  const card = await slackPerson(slack, 'U0ADA00001').share([plan], '<mailto:mailto@b.co|mailto@b.co>');
  await card.waitFor(text('chat.confirm_to', { emails: ['mailto@b.co'] }));
  await (await card.press('Send')).waitFor('Sent plan.txt');
  await waitForMail(inbox, 'mailto@b.co');
});

describe('names of files', () => {
  const long = `${'ü'.repeat(200)}.txt`;
  const wild = [
    ['invoice\r\nBcc: eve@example.com.txt', 'invoiceBcc_ eve@example.com.txt'],
    ['party 🎉.txt', 'party 🎉.txt'],
    ['cod\u202Efdp.exe', 'codfdp.exe'],
    ['../../etc/passwd', '_.._etc_passwd'],
    [long, `${'ü'.repeat(125)}.txt`],
  ] as const;

  test.each(names)('are clean in the mail, on the page and as downloaded, from %s', async (entrance) => {
    const to = `names.${entrance.toLowerCase()}@example.com`;
    const files = wild.map(([name]) => file(name));
    // Discord takes what follows the last dot of a path for an extension, and says so.
    const cleaned = wild.map(([, clean]) => {
      return entrance === 'Discord' ? clean.replace(/^_\.\._etc_passwd$/, '$&.etcpasswd') : clean;
    });
    if (entrance === 'portal') await ada.share(files, to);
    else if (entrance === 'Slack') await entrances.Slack(files, to);
    else await (await discordPerson(stack.urls.discord, '100100000000000001').share(files, to)).press('Send');
    const mail = await waitForMail(stack.urls.inbox, to);
    expect(mail.subject).toBe('Ada Lovelace sent you 5 files');
    expect(mail.destinations).toEqual([to]);
    expect(mail.headers).not.toHaveProperty('bcc');
    const plain = mail.text.replaceAll('\u2060', '');
    for (const clean of cleaned) expect(plain).toContain(`  ${clean} (10 bytes)\n`);

    const page = await (await fetch(linkIn(mail))).text();
    for (const clean of cleaned) expect(page).toContain(`<bdi>${clean}</bdi>`);
    expect(page).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
    const actions = [...page.matchAll(/action="([^"]*\/files\/[^"]*)"/g)].map(([, action = '']) => action);
    const downloaded = await Promise.all(actions.map((action) => downloadName(linkIn(mail), action)));
    expect(downloaded).toEqual(cleaned);
  });

  test('never reach a header of the mail as they are', async () => {
    await ada.share([file(wild[0][0])], 'header@example.com');
    const mail = await waitForMail(stack.urls.inbox, 'header@example.com');
    expect(mail.subject).toBe('Ada Lovelace sent you invoiceBcc_ eve@example.com.txt');
    expect(await mailsTo(stack.urls.inbox, 'eve@example.com')).toEqual([]);
  });
});

describe('a link that is dead', () => {
  let link = '';
  let action = '';

  beforeAll(async () => {
    await ada.share([plan], 'dead@example.com');
    link = linkIn(await waitForMail(stack.urls.inbox, 'dead@example.com'));
    const page = await (await fetch(link)).text();
    action = /action="([^"]*\/files\/[^"]*)"/.exec(page)?.[1] ?? '';
  });

  test('is the same page whether it was mistyped, forged or withdrawn', async () => {
    const forged = link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const dead = text('page.dead_link', {});
    const pages = [await visit(`${stack.urls.portal}/l/anything`), await visit(forged)];
    const [share] = await stack.query<{ share_id: string }>(
      `SELECT share_id FROM recipient WHERE email = 'dead@example.com'`,
    );
    await ada.client.get(`/shares/${share?.share_id}`);
    expect((await ada.client.post(`/shares/${share?.share_id}/revoke`)).status).toBe(303);
    pages.push(await visit(link));
    for (const { status, page } of pages) {
      expect(status).toBe(404);
      expect(page).toContain(dead);
      expect(page).toBe(pages[0]?.page);
    }
    expect((await press(link, action)).status).toBe(404);
  });

  test('offers to ask the sender where it merely expired', async () => {
    await ada.share([plan], 'late@example.com');
    const late = linkIn(await waitForMail(stack.urls.inbox, 'late@example.com'));
    const [, lateAction = ''] = /action="([^"]*\/files\/[^"]*)"/.exec((await visit(late)).page) ?? [];
    await stack.query(
      `UPDATE share SET expires_at = now() WHERE id = (SELECT share_id FROM recipient WHERE email = 'late@example.com')`,
    );
    const { status, page } = await visit(late);
    expect(status).toBe(404);
    expect(page).toContain('This link has expired');
    expect(page).toContain(`mailto:${stack.account.email}`);
    expect((await press(late, lateAction)).status).toBe(404);
  });
});

async function countEverything(): Promise<Record<string, number>> {
  const [rows] = await stack.query<Record<string, number>>(`
    SELECT (SELECT count(*)::int FROM share) AS shares, (SELECT count(*)::int FROM attachment) AS attachments,
      (SELECT count(*)::int FROM recipient) AS recipients, (SELECT count(*)::int FROM delivery) AS deliveries,
      (SELECT count(*)::int FROM usage_record) AS usage, (SELECT coalesce(sum(used_bytes), 0)::int FROM quota) AS bytes`);
  return { ...rows, mails: (await listMails(stack.urls.inbox)).length };
}

async function visit(link: string): Promise<{ status: number; page: string }> {
  const response = await fetch(link);
  return { status: response.status, page: await response.text() };
}

function press(link: string, action: string): Promise<Response> {
  const { origin } = new URL(link);
  return fetch(new URL(action, link), { method: 'POST', redirect: 'manual', headers: { origin } });
}

/** The name under which a browser would keep the file. */
async function downloadName(link: string, action: string): Promise<string | undefined> {
  const file = await fetch((await press(link, action)).headers.get('location') ?? '');
  await file.arrayBuffer();
  return parseDisposition(file.headers.get('content-disposition') ?? '').parameters['filename'];
}
