import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sendDraft, share } from '../../../bot/commands/share.js';
import { speak } from '../../../bot/chat.js';
import { createShare } from '../../../core/shares/create-share.js';
import { extendShare } from '../../../core/shares/extend-share.js';
import {
  checkRules,
  defaultLifetimeDays,
  findRules,
  getRules,
  readRulesForm,
  saveRules,
  writeRulesForm,
  type Rules,
} from '../../../core/shares/workspace-rules.js';
import { testDeps } from '../../bot/discord-rig.js';
import { createAccount } from '../../support/accounts.js';
import { openTestDatabase, type OpenTestDatabase } from '../../support/open-test-database.js';
import { shareRequest, slackFile } from '../../support/shares.js';

const MIB = 1024 ** 2;
const none: Rules = { allowedDomains: [], maxLifetimeDays: null, maxFileBytes: null };
const form = (domainsText: string, lifetime = '0', sizeText = '') =>
  readRulesForm({ domainsText, lifetime, sizeText });
const refusal = (work: () => unknown): { kind: string; code: string; message: string } => {
  try {
    work();
  } catch (error) {
    return error as never;
  }
  throw new Error('not refused');
};

describe('allowed domains', () => {
  const isAllowed = (email: string, domainsText: string): boolean => {
    const { rules, problems } = form(domainsText);
    expect(problems).toEqual({});
    const request = { emails: [email], files: [], lifetimeDays: 7 };
    try {
      checkRules([rules], request);
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    ['bob@example.com', '', true],
    ['bob@example.com', 'example.com', true],
    ['bob@EXAMPLE.com', 'Example.COM', true],
    ['bob@example.com', '@example.com.', true],
    ['bob@example.com', 'acme.org, example.com', true],
    ['bob@example.org', 'example.com', false],
    ['bob@mail.example.com', 'example.com', false],
    ['bob@notexample.com', 'example.com', false],
    ['bob@example.com.evil.org', 'example.com', false],
    ['bob@mail.example.com', '*.example.com', true],
    ['bob@a.b.example.com', '*.example.com', true],
    ['bob@example.com', '*.example.com', false],
    ['bob@notexample.com', '*.example.com', false],
    ['bob@example.com', 'example.com; *.example.com', true],
    ['bob@xn--bcher-kva.example', 'bücher.example', true],
    ['bob@xn--bcher-kva.example', 'BÜCHER.example', true],
    ['bob@xn--bcher-kva.example', 'xn--bcher-kva.example', true],
    ['bob@post.xn--bcher-kva.example', '*.bücher.example', true],
    ['bob@bucher.example', 'bücher.example', false],
  ])('%s by "%s": %s', (email, domains, isAllowedThen) => {
    expect(isAllowed(email, domains)).toBe(isAllowedThen);
  });

  test('are said as people write them, with the address and the rule that refuses it', () => {
    const { rules } = form('*.bücher.example example.com');
    const request = { emails: ['ann@example.com', 'bob@x.org'], files: [], lifetimeDays: 7 };
    expect(refusal(() => checkRules([rules], request))).toMatchObject({
      kind: 'forbidden',
      code: 'rules.domain',
      message:
        'bob@x.org is refused by a rule of this workspace: its administrator allows recipients at *.bücher.example, example.com only. Nothing was sent.',
    });
  });
});

describe('a form of rules', () => {
  test('is read, kept and shown as it was', () => {
    const { rules, problems } = form('bücher.example\n*.example.com, example.com example.com', '7', '2,5 MB');
    expect(problems).toEqual({});
    expect(rules).toEqual({
      allowedDomains: ['xn--bcher-kva.example', '*.example.com', 'example.com'],
      maxLifetimeDays: 7,
      maxFileBytes: 2.5 * MIB,
    });
    expect(writeRulesForm(rules)).toEqual({
      domainsText: 'bücher.example, *.example.com, example.com',
      lifetime: '7',
      sizeText: '2.5',
    });
    expect(form('', 'anything', ' ').rules).toEqual(none);
  });

  test.each(['example', 'bob@example.com', '*', '*.com', 'ex*.com', 'http://example.com', 'a..b', '-'])(
    'takes no domain such as %s',
    (word) => {
      expect(form(`example.com ${word}`).problems.domains).toMatchObject({
        code: 'rules.domains_malformed',
        params: { domains: [word] },
      });
    },
  );

  test('takes no more than fits, and no size that is none', () => {
    expect(form('a.example '.repeat(500)).problems.domains).toBeDefined();
    for (const size of ['0', '-1', 'many', '1e9', '1.234', '99999999'])
      expect(form('', '0', size).problems.size).toMatchObject({ code: 'rules.size_malformed' });
  });
});

describe('rules of several places', () => {
  test('hold all at once, and the default is what they allow', () => {
    const request = { emails: ['bob@example.com'], files: [slackFile('a.bin', 11)], lifetimeDays: 7 };
    const size = { ...none, maxFileBytes: 10 };
    const lifetime = { ...none, maxLifetimeDays: 1 };
    expect(refusal(() => checkRules([none, size], request)).message).toBe(
      'a.bin is refused by a rule of this workspace: it is 11 bytes, and its administrator allows files up to 10 bytes. Nothing was sent.',
    );
    expect(refusal(() => checkRules([lifetime, none], request)).message).toBe(
      'This is refused by a rule of this workspace: its administrator lets links live 1 day at most. Nothing was sent.',
    );
    expect(() => {
      checkRules([{ ...none, maxLifetimeDays: 7, maxFileBytes: 11 }], request);
    }).not.toThrow();
    expect([[], [none], [lifetime], [{ ...none, maxLifetimeDays: 30 }]].map(defaultLifetimeDays)).toEqual([
      7, 7, 1, 7,
    ]);
  });
});

describe('in the database', () => {
  let database: OpenTestDatabase;
  let deps: ReturnType<typeof testDeps>;
  let person: {
    platform: 'SLACK';
    workspaceId: string;
    userId: string;
    userName: string;
    workspaceName: string;
  };
  let accountId: string;
  const team = 'T1';

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.release());
  beforeEach(async () => {
    deps = testDeps(database);
    accountId = (await createAccount(database.db)).id;
    await database.db.workspaceRules.deleteMany();
    person = {
      ...{ platform: 'SLACK', workspaceId: 'T1', userId: crypto.randomUUID() },
      ...{ userName: '@ann', workspaceName: 'Acme' },
    };
    await database.db.chatIdentity.create({ data: { accountId, ...person } });
  });

  const set = (changes: Partial<Rules>, workspaceId = team) =>
    saveRules(deps, { platform: 'SLACK', workspaceId }, person, { ...none, ...changes });
  const reply = () => ({
    ...({ platform: 'SLACK', workspaceId: 'T1', userId: person.userId, teamId: 'T1' } as const),
    ...({
      language: 'en',
      replyHandle: 'handle',
      replyUntil: new Date(Date.now() + 60_000),
      repliesLeft: 5,
    } as const),
  });
  const wish = (changes: Partial<Parameters<typeof share>[1]> = {}) =>
    share(deps, {
      ...{ person, entrance: 'SLACK', review: 'typed', reply: reply(), places: [team, 'E1'] },
      ...{ requestKey: `slack:${crypto.randomUUID()}`, emailsText: 'bob@x.org' },
      files: [slackFile('plan.pdf', 5)],
      ...changes,
    });
  const buttonOf = (answer: Awaited<ReturnType<typeof wish>>, label: string) =>
    speak(answer!, 'en').buttons.find((button) => button.label === label);

  test('are kept for their platform and place alone, and written down', async () => {
    await set({ allowedDomains: ['example.com'], maxFileBytes: 5 * 1024 ** 4, maxLifetimeDays: 1 });
    await set({ allowedDomains: ['example.org'], maxFileBytes: 5 * 1024 ** 4, maxLifetimeDays: 1 });
    expect(await getRules(deps, { platform: 'SLACK', workspaceId: team })).toEqual({
      ...{ allowedDomains: ['example.org'], maxFileBytes: 5 * 1024 ** 4, maxLifetimeDays: 1 },
    });
    for (const [entrance, places] of [
      ['DISCORD', [team]],
      ['SLACK', ['T2']],
      ['SLACK', []],
      ['PORTAL', [team]],
    ] as const)
      expect(await findRules(database.db, entrance, places)).toEqual([]);
    const events = { accountId, action: 'workspace.rules_changed', subjectId: team };
    expect(await database.db.auditEvent.count({ where: events })).toBe(2);
    expect(await database.db.workspaceRules.findFirst()).toMatchObject({ updatedBy: person.userId });
  });

  test('refuse a share at once, before an account is connected too, with a form to mend the addresses', async () => {
    await set({ allowedDomains: ['example.com'] }, 'E1');
    await database.db.chatIdentity.deleteMany({ where: { accountId } });
    const answer = await wish();
    expect(speak(answer!, 'en').lines).toEqual([expect.stringContaining('bob@x.org is refused by a rule')]);
    const { id } = buttonOf(answer, 'Fix addresses')!;
    const draft = await database.db.shareDraft.findUniqueOrThrow({ where: { id: id! } });
    expect(draft.request).toMatchObject({ emailsText: 'bob@x.org', places: [team, 'E1'] });
  });

  test('refuse what no address can mend, and give the shorter default to whoever chose none', async () => {
    await set({ maxLifetimeDays: 1, maxFileBytes: 10 });
    await expect(wish({ lifetimeDays: 30 })).rejects.toMatchObject({ code: 'rules.lifetime' });
    await expect(wish({ files: [slackFile('a.bin', 11)] })).rejects.toMatchObject({
      code: 'rules.file_size',
    });
    expect(speak((await wish())!, 'en').lines).toContain('The link lives 1 day.');
    expect(await database.db.share.count({ where: { accountId } })).toBe(0);
  });

  test('made after the card was shown refuse the draft, which then waits for other rules', async () => {
    const { id } = buttonOf(await wish(), 'Send')!;
    await set({ allowedDomains: ['example.com'] }, 'E1');
    await expect(sendDraft(deps, person, id!, reply())).rejects.toMatchObject({ code: 'rules.domain' });
    expect(await database.db.share.count({ where: { accountId } })).toBe(0);
    await set({}, 'E1');
    expect(await sendDraft(deps, person, id!, reply())).toBeNull();
    const made = await database.db.share.findFirstOrThrow({ where: { accountId } });
    expect(made.workspaceIds).toEqual([team, 'E1']);
    // Pressed again after the rule came back: what was sent was sent.
    await set({ allowedDomains: ['example.com'] }, 'E1');
    expect(await sendDraft(deps, person, id!, reply())).toBeNull();
  });

  test('end how often a share is extended', async () => {
    const input = shareRequest({ lifetimeDays: 1 });
    const { shareId } = await createShare(deps, accountId, input, { places: [team] });
    await set({ maxLifetimeDays: 7 });
    const look = () => database.db.share.findUniqueOrThrow({ where: { id: shareId } });
    const before = await look();
    await extendShare(deps, accountId, shareId, before.expiresAt);
    const { expiresAt, createdAt } = await look();
    const days = (expiresAt.getTime() - createdAt.getTime()) / (24 * 60 * 60 * 1000);
    expect(days).toBeCloseTo(7, 5);
    await expect(extendShare(deps, accountId, shareId, expiresAt)).rejects.toMatchObject({
      code: 'rules.extension',
    });
  });
});
