import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { text } from '../../core/messages/messages.js';
import { call, waitFor } from '../../local/demo/entrance.js';
import { linkIn, mailsTo, waitForMail } from '../support/inbox.js';
import { openVisitor, signInAs, turnPage, type Visitor } from '../support/open-browser.js';
import { sharedBrowser, sharedStack } from '../support/shared-stack.js';
import type { TestStack } from '../support/start-stack.js';

const MIB = 1024 * 1024;
const MAX_FILE_BYTES = 20 * MIB;

let stack: TestStack;
let visitor: Visitor;
let page: Page;
let folder: string;

/**
 * Has the page send part 2 when part 1 is stored, with a signature that storage refuses, once. Not by a route: while there
 * is one, Playwright has the bytes of every request copied to it.
 */
const SPOIL_PART_2 = `{
  const { open, send } = XMLHttpRequest.prototype;
  let tell;
  const stored = new Promise((resolve) => (tell = resolve));
  let isSpoiled = false;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    const part = method === 'PUT' ? new URL(url).searchParams.get('partNumber') : null;
    if (part === '1') this.addEventListener('load', tell);
    this.isSpoiled = part === '2' && !isSpoiled;
    isSpoiled ||= this.isSpoiled;
    return open.call(this, method, this.isSpoiled ? url + '0' : url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (this.isSpoiled) stored.then(() => send.call(this, body));
    else send.call(this, body);
  };
}`;

const file = (name: string, bytes: Buffer = Buffer.from(name)) => ({ name, bytes });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'passalong-files-'));
  stack = sharedStack();
  visitor = await openVisitor(await sharedBrowser(), [stack.urls.portal, stack.urls.s3]);
  await signInAs(visitor.page, stack.urls.portal, stack.account);
});

afterAll(async () => {
  await visitor.context.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => setStorage({}));

async function openForm(): Promise<void> {
  page = await turnPage(visitor);
  await page.goto(`${stack.urls.portal}/shares/new`);
}

/** Paths for the browser: given as bytes, twenty MiB take it twenty seconds. */
function onDisk(...files: { name: string; bytes: Buffer }[]): Promise<string[]> {
  const write = async ({ name, bytes }: { name: string; bytes: Buffer }): Promise<string> => {
    const filePath = path.join(folder, name);
    await writeFile(filePath, bytes);
    return filePath;
  };
  return Promise.all(files.map(write));
}

async function fill(to: string, ...files: ReturnType<typeof file>[]): Promise<void> {
  await page.locator('#files').setInputFiles(await onDisk(...files));
  await page.getByLabel('To', { exact: true }).fill(to);
}

const send = (): Promise<void> => page.getByRole('button', { name: 'Send' }).click();
const arrive = (): Promise<void> => page.waitForURL(/\/shares\/[0-9a-f-]{36}$/);

test('Cancel leaves nothing behind, and the form as it was, for another try', async () => {
  const to = 'cancel@example.com';
  await openForm();
  await fill(to, file('cancelled.bin', randomBytes(MIB)));
  await setStorage({ delayMs: 2_000, failBuckets: { passalong: 'slow' } });
  await send();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByText('Cancelled. Nothing was sent.').waitFor();
  expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe(to);
  expect(await page.locator('#chosen li').count()).toBe(1);
  await setStorage({});
  await waitFor('the share to be withdrawn and hidden', async () => {
    const rows = await stack.query(
      `SELECT 1 FROM share s JOIN recipient r ON r.share_id = s.id
       WHERE r.email = $1 AND s.state = 'REVOKED' AND s.hidden_at IS NOT NULL`,
      [to],
    );
    return rows[0];
  });
  expect(await mailsTo(stack.urls.inbox, to)).toEqual([]);

  await send();
  await arrive();
  await waitForMail(stack.urls.inbox, to, 'cancelled.bin');
  expect(visitor.complaints).toEqual([]);
});

test('Cancel that fails says so, and cancels when it is pressed again', async () => {
  const to = 'stuck@example.com';
  await openForm();
  await fill(to, file('stuck.bin', randomBytes(MIB)));
  await setStorage({ delayMs: 2_000, failBuckets: { passalong: 'slow' } });
  let refusals = 1;
  await page.route('**/shares/*/delete', async (route) => {
    if (refusals-- > 0) await route.fulfill({ status: 503, json: { message: 'Not now. Reference abc.' } });
    else await route.continue();
  });
  const states = () =>
    stack.query(
      `SELECT s.state, s.hidden_at IS NOT NULL AS hidden FROM share s JOIN recipient r ON r.share_id = s.id
       WHERE r.email = $1`,
      [to],
    );
  const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
  await send();
  await cancel.click();
  const alert = page.getByText('It could not be cancelled, and may still be sent. Not now. Reference abc.');
  await alert.waitFor();
  expect(await page.getByText('Cancelled. Nothing was sent.').isVisible()).toBe(false);
  expect(await states()).toEqual([{ state: 'AWAITING_UPLOAD', hidden: false }]);
  await cancel.click();
  await page.getByText('Cancelled. Nothing was sent.').waitFor();
  expect(await states()).toEqual([{ state: 'REVOKED', hidden: true }]);
  expect(await page.locator('#chosen li').count()).toBe(1);
});

test('a file is listed under the name that its recipients will see', async () => {
  await openForm();
  await page.locator('#files').setInputFiles(await onDisk(file('invoice\u202Efdp.exe')));
  const chosen = page.locator('#chosen li');
  expect(await chosen.textContent()).not.toContain('\u202E');
  expect(await chosen.locator('bdi').textContent()).toBe('invoicefdp.exe');
  await page.getByRole('button', { name: 'Remove invoicefdp.exe' }).click();
});

test('everything that is wrong is said at once, each at its field', async () => {
  await openForm();
  await page.getByLabel('To', { exact: true }).fill('@ann bob');
  await send();
  await page.locator('#files-error', { hasText: text('file.none', {}) }).waitFor();
  const emails = page.locator('#emails-error');
  expect(await emails.textContent()).toBe(text('recipients.mention', { name: '@ann', addresses: ['bob'] }));
  expect(await page.locator('#emails[aria-invalid]').count()).toBe(1);
});

test('what the portal is being asked about cannot be changed meanwhile', async () => {
  const to = 'meanwhile@example.com';
  await openForm();
  await page.route(`${stack.urls.portal}/shares`, async (route) => {
    expect(await page.locator('form[inert]').count()).toBe(1);
    await page.getByRole('button', { name: 'Remove one.txt' }).click({ force: true });
    await route.continue();
  });
  await fill(to, file('one.txt'), file('two.txt'));
  await send();
  await arrive();
  const recipientPage = await (await fetch(linkIn(await waitForMail(stack.urls.inbox, to)))).text();
  expect(recipientPage).toMatch(/one\.txt[^]*two\.txt/);
});

test('a form whose answer is lost is sent again by itself, as the same share', async () => {
  const to = 'lost@example.com';
  const statuses: number[] = [];
  await openForm();
  await page.route(`${stack.urls.portal}/shares`, async (route) => {
    const answer = await route.fetch();
    statuses.push(answer.status());
    // As the connection breaks of an instance that dies, and as a proxy then answers for it.
    if (statuses.length === 1) await route.abort('connectionreset');
    else if (statuses.length === 2) await route.fulfill({ status: 502, body: 'Just a moment' });
    else await route.fulfill({ response: answer });
  });
  await fill(to, file('lost.txt'));
  await send();
  await arrive();
  expect(statuses).toEqual([201, 200, 200]);
  await waitForMail(stack.urls.inbox, to);
  const shares = await stack.query(`SELECT share_id FROM recipient WHERE email = $1`, [to]);
  expect(shares).toHaveLength(1);
});

test('Try again goes on after storage was down, as the same share', async () => {
  const to = 'retry@example.com';
  await openForm();
  await fill(to, file('retried.bin', randomBytes(MIB)));
  await setStorage({ failBuckets: { passalong: 'down' } });
  await send();
  await page.getByRole('heading', { name: 'Interrupted' }).waitFor();
  const retry = page.getByRole('button', { name: 'Try again' });
  expect(await page.evaluate('document.activeElement.id')).toBe('retry');
  await setStorage({});
  await retry.click();
  await arrive();
  await waitForMail(stack.urls.inbox, to);
  const shares = await stack.query(`SELECT share_id FROM recipient WHERE email = $1`, [to]);
  expect(shares).toHaveLength(1);
});

test('Try again sends the parts that are missing, and no other', async () => {
  const bytes = randomBytes(16 * MIB + 5);
  const puts: string[] = [];
  await openForm();
  await page.evaluate(SPOIL_PART_2);
  page.on('request', (request) => {
    if (request.method() === 'PUT') puts.push(new URL(request.url()).searchParams.get('partNumber') ?? '');
  });
  await fill('parts@example.com', file('parts.bin', bytes));
  await send();
  await page.getByRole('button', { name: 'Try again' }).click();
  await arrive();
  expect(puts.toSorted()).toEqual(['1', '2', '2']);
  const link = linkIn(await waitForMail(stack.urls.inbox, 'parts@example.com'));
  // Another page: the sender's loads itself again as the news come.
  page = await turnPage(visitor);
  await page.goto(link);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const arrived = await readFile(await (await downloading).path());
  expect(arrived.equals(bytes), 'the bytes that were sent').toBe(true);
});

test('leaving the page during an upload is asked about; staying lets it go on', async () => {
  await openForm();
  await fill('stay@example.com', file('stay.bin', randomBytes(MIB)));
  await setStorage({ delayMs: 1_500, failBuckets: { passalong: 'slow' } });
  await send();
  await page.getByRole('heading', { name: 'Sending' }).waitFor();
  const asked = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await setStorage({});
  await arrive();
  await waitForMail(stack.urls.inbox, 'stay@example.com');
});

test('files may be dropped anywhere on the page, and removed again', async () => {
  await openForm();
  const dropped = await page.evaluateHandle(`
    const dropped = new DataTransfer();
    for (const name of ['one.txt', 'two.txt']) dropped.items.add(new File(['Dropped.'], name));
    dropped
  `);
  await page.dispatchEvent('footer', 'dragover', { dataTransfer: dropped });
  expect(await page.locator('body.dragging').count()).toBe(1);
  await page.dispatchEvent('footer', 'drop', { dataTransfer: dropped });
  expect(await page.locator('body.dragging').count()).toBe(0);
  await page.getByRole('button', { name: 'Remove one.txt' }).click();
  expect(await page.locator('#chosen li').allTextContents()).toEqual([expect.stringContaining('two.txt')]);
  await page.getByLabel('To', { exact: true }).fill('dropped@example.com');
  await send();
  await arrive();
  await waitForMail(stack.urls.inbox, 'dropped@example.com', 'two.txt');
});

test.each([
  [
    'eleven files',
    Array.from({ length: 11 }, (_, index) => file(`${index}.txt`)),
    text('file.too_many', { max: 10 }),
  ],
  ['an empty file', [file('empty.txt', Buffer.alloc(0))], text('file.empty', { name: 'empty.txt' })],
  [
    'a file over the limit',
    [file('large.bin', Buffer.alloc(MAX_FILE_BYTES + 1))],
    text('file.too_large', { name: 'large.bin', sizeBytes: MAX_FILE_BYTES + 1, limitBytes: MAX_FILE_BYTES }),
  ],
  ['no file', [], text('file.none', {})],
])('%s: said at the field, which gets the focus', async (_, files, message) => {
  await openForm();
  await fill('refused@example.com', ...files);
  await send();
  await page.locator('#files-error', { hasText: message }).waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('files');
  expect(await page.locator('#files[aria-invalid]').count()).toBe(1);
  expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe('refused@example.com');
  expect(await stack.query(`SELECT 1 FROM recipient WHERE email = 'refused@example.com'`)).toEqual([]);
});

test('the keyboard alone is enough to send files', async () => {
  const to = 'keyboard@example.com';
  await openForm();
  const focused = (): Promise<string> =>
    page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
  const tabTo = async (wanted: string): Promise<void> => {
    for (let presses = 0; presses < 20 && (await focused()) !== wanted; presses += 1) {
      await page.keyboard.press('Tab');
    }
    expect(await focused()).toBe(wanted);
    // Where the input itself is hidden, its label shows the focus.
    const mark = await page.evaluate<string>(`
      [document.activeElement, ...(document.activeElement.labels ?? [])]
        .map((element) => getComputedStyle(element)).map((style) => style.outlineStyle + style.boxShadow).join(' ')
    `);
    expect(mark.replace(/none/g, '').trim(), `${wanted} shows that it has the focus`).not.toBe('');
  };
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to content');
  await page.keyboard.press('Enter');
  // Asked for before the next round trips: a key that follows at once may overtake the browser's being told.
  const choosing = page.waitForEvent('filechooser');
  await tabTo('files');
  await page.keyboard.press('Enter');
  await (await choosing).setFiles(await onDisk(file('typed.txt')));
  await tabTo('emails');
  await page.keyboard.type(to);
  await tabTo('message');
  await page.keyboard.type('No mouse was used.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  expect(await page.locator('input[name=lifetimeDays]:checked').inputValue()).toBe('30');
  await tabTo('submit');
  await page.keyboard.press('Enter');
  await arrive();
  expect((await waitForMail(stack.urls.inbox, to)).text).toContain('No mouse was used');
  expect(visitor.complaints).toEqual([]);
});

async function setStorage(faults: object): Promise<void> {
  await call(`${stack.urls.s3}/_control/faults`, { method: 'PUT', body: JSON.stringify(faults) });
}
