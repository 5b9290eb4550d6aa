import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createShare } from '../../../core/shares/create-share.js';
import { sweep } from '../../../core/shares/sweep.js';
import { createLogLink, openLog, writeLog } from '../../../core/shares/workspace-log.js';
import type { Governed } from '../../../core/shares/workspace-rules.js';
import type { ShareRequest } from '../../../core/shares/share-request.js';
import { testDeps } from '../../bot/discord-rig.js';
import { createAccount } from '../../support/accounts.js';
import { fakeFiles } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { shareRequest, slackFile } from '../../support/shares.js';

let database: OpenTestDatabase;
let deps: ReturnType<typeof testDeps>;
let accountId: string;
let email: string;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.release());
beforeEach(async () => {
  deps = testDeps(database);
  ({ id: accountId, email } = await createAccount(database.db));
});

const made = async (places: string[], changes: Partial<ShareRequest> = {}): Promise<string> =>
  (await createShare(deps, accountId, shareRequest(changes), { places })).shareId;
const read = async (governed: Governed): Promise<string[]> => {
  let csv = '';
  for await (const part of writeLog(deps, governed)) csv += part;
  expect(csv.endsWith('\r\n')).toBe(true);
  return csv.split('\r\n').slice(0, -1);
};
const acme = { platform: 'SLACK', workspaceId: 'T0ACME' } as const;

test('names each share of the workspace, newest first, and none of elsewhere', async () => {
  const oldId = await made(['T0ACME', 'E0ORG'], {
    files: [slackFile('a.txt', 5), slackFile('b.txt', 6, 'F2')],
  });
  // Names are cleaned as a share is made; the log does not rely on it.
  await database.db.attachment.updateMany({ where: { name: 'b.txt' }, data: { name: 'b, "c".txt' } });
  const newId = await made(['T0ACME'], {
    emails: ['bob@x.org', 'ann@x.org'],
    files: [slackFile('new.txt', 7)],
  });
  await made(['T0OTHER']);
  await made([]);
  const discord = { kind: 'discord', url: 'https://cdn.discordapp.com/x' } as const;
  await made(['T0ACME'], { entrance: 'DISCORD', files: [{ name: 'd.txt', sizeBytes: 1, source: discord }] });
  const recipient = await database.db.recipient.findFirstOrThrow({ where: { shareId: newId } });
  const file = await database.db.attachment.findFirstOrThrow({ where: { shareId: newId } });
  const download = { recipientId: recipient.id, attachmentId: file.id };
  await database.db.download.createMany({ data: [download, download] });
  const times = async (id: string) => {
    const { createdAt, expiresAt } = await database.db.share.findUniqueOrThrow({ where: { id } });
    return [createdAt.toISOString(), expiresAt.toISOString()] as const;
  };
  const [[newAt, newEnd], [oldAt, oldEnd]] = [await times(newId), await times(oldId)];
  expect(await read(acme)).toEqual([
    '"time","platform","sender","files","bytes","recipients","state","expires","downloads"',
    `"${newAt}","SLACK","${email}","new.txt","7","bob@x.org; ann@x.org","RECEIVED","${newEnd}","2"`,
    `"${oldAt}","SLACK","${email}","a.txt; b, ""c"".txt","11","bob@example.com","RECEIVED","${oldEnd}","0"`,
  ]);
  expect(await read({ platform: 'SLACK', workspaceId: 'E0ORG' })).toHaveLength(2);
  expect(await read({ platform: 'DISCORD', workspaceId: 'T0ACME' })).toHaveLength(2);
});

test.each(['=1+1.txt', '+1.txt', '-1.txt', '@SUM(A1).txt', '=HYPERLINK("http://evil")'])(
  'shows a file called %s as text',
  async (name) => {
    const workspaceId = crypto.randomUUID();
    await made([workspaceId], { files: [slackFile('a.txt', 1), slackFile(name, 1, 'F2')] });
    await made([workspaceId], { files: [slackFile(name, 1)] });
    const [, first = '', second = ''] = await read({ platform: 'SLACK', workspaceId });
    const { name: kept } = await database.db.attachment.findFirstOrThrow({
      orderBy: { id: 'asc' },
      where: { name: { not: 'a.txt' }, share: { workspaceIds: { has: workspaceId } } },
    });
    const quoted = kept.replaceAll('"', '""');
    expect(first).toContain(`,"'${quoted}",`);
    expect(second).toContain(`,"a.txt; '${quoted}",`);
  },
);

test('goes on over pages', async () => {
  const workspaceId = 'T0LARGE';
  const row = {
    accountId,
    entrance: 'SLACK',
    requestHash: '',
    state: 'READY',
    workspaceIds: [workspaceId],
  } as const;
  const at = new Date();
  await database.db.share.createMany({
    data: Array.from({ length: 1201 }, (_, index) => ({
      ...{ ...row, requestKey: `large:${index}`, expiresAt: at, mailAfter: at },
      workspaceIds: [workspaceId],
    })),
  });
  expect(await read({ platform: 'SLACK', workspaceId })).toHaveLength(1202);
});

test('a link works for ten minutes, for the account of whoever asked, and is forgotten then', async () => {
  const admin = { platform: 'SLACK', workspaceId: 'T0ACME', userId: crypto.randomUUID() } as const;
  expect(await createLogLink(deps, admin, 'T0ACME')).toBeNull();
  await database.db.chatIdentity.create({
    data: { ...admin, accountId, userName: '@ada', workspaceName: 'acme' },
  });
  const url = await createLogLink(deps, admin, 'T0ACME');
  const token = new URL(url!).pathname.split('/')[2]!;
  expect(await openLog(deps, accountId, token)).toEqual(acme);
  const { id: stranger } = await createAccount(database.db);
  const gone = { kind: 'not_found', code: 'page.not_found' };
  await expect(openLog(deps, stranger, token)).rejects.toMatchObject(gone);
  await expect(openLog(deps, accountId, `${token}x`)).rejects.toMatchObject(gone);
  await database.db.logExport.updateMany({ data: { expiresAt: new Date() } });
  await expect(openLog(deps, accountId, token)).rejects.toMatchObject(gone);
  const events = { accountId, action: 'workspace.exported', subjectId: 'T0ACME' };
  expect(await database.db.auditEvent.count({ where: events })).toBe(1);
  await sweep({ ...deps, files: fakeFiles() });
  expect(await database.db.logExport.count()).toBe(0);
});

test('a link ends with the connection of whoever asked', async () => {
  const admin = { platform: 'SLACK', workspaceId: 'T0ACME', userId: crypto.randomUUID() } as const;
  await database.db.chatIdentity.create({
    data: { ...admin, accountId, userName: '@ada', workspaceName: 'acme' },
  });
  const url = await createLogLink(deps, admin, 'T0ACME');
  await database.db.chatIdentity.deleteMany({ where: { accountId } });
  await expect(openLog(deps, accountId, url!.split('/').at(-1)!)).rejects.toMatchObject({
    kind: 'not_found',
  });
});
