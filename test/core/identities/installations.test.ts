import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createSlackTokens,
  removeInstallation,
  saveInstallation,
  type NewInstallation,
} from '../../../core/identities/installations.js';
import type { TokenKeys } from '../../../core/identities/token-cipher.js';
import { AppError } from '../../../core/errors.js';
import { createAccount } from '../../support/accounts.js';
import { fakeLog, fakeQueue } from '../../support/fakes.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { acceptShare, readyShare, slackFile } from '../../support/shares.js';

const tokenKeys: TokenKeys = [randomBytes(32)];
const HOUR_MS = 60 * 60 * 1000;

let database: OpenTestDatabase;
let refreshes: string[];
let slackIsDown: boolean;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(() => database.release());

beforeEach(async () => {
  await database.db.installation.deleteMany();
  refreshes = [];
  slackIsDown = false;
});

const deps = () => ({ db: database.db, log: fakeLog(), queue: fakeQueue(), tokenKeys });

/** Slack, whose refresh tokens work once. */
const oauth = {
  async refresh(refreshToken: string) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (slackIsDown) throw new AppError('unavailable', 'service.unavailable', {});
    if (refreshes.includes(refreshToken)) throw new Error('invalid_refresh_token');
    refreshes.push(refreshToken);
    const count = refreshes.length;
    return {
      botToken: `xoxb-${count}`,
      refreshToken: `xoxe-${count}`,
      tokenExpiresAt: new Date(Date.now() + 12 * HOUR_MS),
    };
  },
};

const tokens = () =>
  createSlackTokens(
    deps(),
    {
      ...{ kind: 'http', clientId: '1.2', clientSecret: 's', signingSecrets: ['x'.repeat(32)], tokenKeys },
      publicUrl: 'https://share.test',
    },
    oauth,
  );

const install = (workspaceId: string, changes: Partial<NewInstallation> = {}) =>
  saveInstallation(deps(), {
    ...{ workspaceId, name: 'Acme', isOrganisation: false, scopes: ['commands'], installedBy: 'U1' },
    botToken: `xoxb-${workspaceId}`,
    ...changes,
  });

const team = (teamId: string, workspaceId = teamId) => ({ teamId, workspaceId });

describe('a token', () => {
  test("is the workspace's own, and is not in the database in clear text", async () => {
    await install('T1');
    await install('T2');
    expect(await tokens().get(team('T1'))).toBe('xoxb-T1');
    expect(await tokens().get(team('T2'))).toBe('xoxb-T2');
    expect(JSON.stringify(await database.db.installation.findMany())).not.toContain('xoxb');
  });

  test('of another row is of no use', async () => {
    await install('T1');
    await install('T2');
    const { botToken } = await database.db.installation.findUniqueOrThrow({ where: { workspaceId: 'T1' } });
    await database.db.installation.update({ where: { workspaceId: 'T2' }, data: { botToken } });
    await expect(tokens().get(team('T2'))).rejects.toThrow();
  });

  test('M14: where the app is not installed, the answer says where to install it', async () => {
    await expect(tokens().get(team('T9'))).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'file.reinstall',
      params: { url: 'https://share.test/slack/install' },
    });
  });

  test("is the organisation's where all of it installed the app, unless a team has one of its own", async () => {
    await install('E1', { isOrganisation: true });
    expect(await tokens().get(team('T1', 'E1'))).toBe('xoxb-E1');
    await install('T1');
    expect(await tokens().get(team('T1', 'E1'))).toBe('xoxb-T1');
    await expect(tokens().get(team('T2', 'E2'))).rejects.toMatchObject({ code: 'file.reinstall' });
  });

  test('of the same name in another place is none: a team is no organisation', async () => {
    await install('X1');
    await expect(tokens().get(team('T1', 'X1'))).rejects.toMatchObject({ code: 'file.reinstall' });
  });
});

describe('a token that ends', () => {
  const ending = (inMs: number) => ({
    botToken: 'xoxb-0',
    refreshToken: 'xoxe-0',
    tokenExpiresAt: new Date(Date.now() + inMs),
  });

  test('soon is renewed once, however many processes ask', async () => {
    await install('T1', ending(HOUR_MS));
    const asked = await Promise.all(Array.from({ length: 10 }, () => tokens().get(team('T1'))));
    expect(new Set(asked)).toEqual(new Set(['xoxb-1']));
    expect(refreshes).toEqual(['xoxe-0']);
    const { tokenExpiresAt } = await database.db.installation.findFirstOrThrow();
    expect(tokenExpiresAt!.getTime() - Date.now()).toBeGreaterThan(11 * HOUR_MS);
  });

  test('in a while is used as it is', async () => {
    await install('T1', ending(3 * HOUR_MS));
    expect(await tokens().get(team('T1'))).toBe('xoxb-0');
    expect(refreshes).toEqual([]);
  });

  test('is used as long as it works while Slack does not renew it', async () => {
    slackIsDown = true;
    await install('T1', ending(HOUR_MS));
    expect(await tokens().get(team('T1'))).toBe('xoxb-0');
    await install('T1', ending(-HOUR_MS));
    await expect(tokens().get(team('T1'))).rejects.toMatchObject({ kind: 'unavailable' });
    slackIsDown = false;
    expect(await tokens().get(team('T1'))).toBe('xoxb-1');
  });
});

describe('uninstalling', () => {
  const person = (workspaceId: string) => {
    return { platform: 'SLACK', workspaceId, userId: 'U1', userName: '@a', workspaceName: 'Acme' } as const;
  };

  test('forgets tokens, people and queued work of that workspace alone, twice as well as once', async () => {
    const { db } = database;
    const account = await createAccount(db);
    for (const id of ['T1', 'T2']) {
      await install(id);
      await db.chatIdentity.create({ data: { accountId: account.id, ...person(id) } });
      await db.slackFileSeen.create({ data: { teamId: id, channelId: 'C', userId: 'U1', fileId: 'F' } });
      await db.linkCode.create({ data: { ...person(id), expiresAt: new Date() } });
    }
    const waiting = await acceptShare(db, account.id);
    const other = await acceptShare(db, account.id, {
      files: [{ ...slackFile('b.txt', 5), source: { kind: 'slack', ...team('T2'), fileId: 'F2' } }],
    });
    const stored = await readyShare(db, account.id);

    const all = deps();
    await removeInstallation(all, 'T1', new Date(Date.now() - 60_000));
    expect(await tokens().get(team('T1'))).toBe('xoxb-T1');
    await removeInstallation(all, 'T1', new Date());
    await removeInstallation(all, 'T1', new Date());

    await expect(tokens().get(team('T1'))).rejects.toMatchObject({ code: 'file.reinstall' });
    expect(await tokens().get(team('T2'))).toBe('xoxb-T2');
    for (const rows of [
      await db.chatIdentity.findMany({ where: { accountId: account.id } }),
      await db.linkCode.findMany({ where: { userId: 'U1' } }),
    ]) {
      expect(rows.map(({ workspaceId }) => workspaceId)).toEqual(['T2']);
    }
    expect((await db.slackFileSeen.findMany()).map(({ teamId }) => teamId)).toEqual(['T2']);
    const state = async (id: string) => (await db.share.findUniqueOrThrow({ where: { id } })).state;
    expect([await state(waiting), await state(other), await state(stored)]).toEqual([
      'FAILED',
      'RECEIVED',
      'READY',
    ]);
    expect(all.queue.jobs).toEqual([{ name: 'delete-objects', payload: { shareId: waiting } }]);
  });
});
