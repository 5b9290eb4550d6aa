import { domainToASCII, domainToUnicode } from 'node:url';
import type { Prisma } from '../../prisma/generated/client.js';
import type { Entrance, Platform } from '../../prisma/generated/enums.js';
import { recordAudit } from '../audit.js';
import { AppError } from '../errors.js';
import type { ChatUser } from '../identities/chat-user.js';
import { findIdentity } from '../identities/link-codes.js';
import type { Database, Deps } from '../ports.js';
import { displayEmail, isDomain } from './recipients.js';
import { DEFAULT_LIFETIME_DAYS, LIFETIMES_DAYS } from './share-request.js';

/** What somebody who administers a workspace allows those who share from it. */
export interface Rules {
  /** In ASCII and lower case; `*.example.com` is what is below `example.com`, without itself. Empty: all. */
  allowedDomains: string[];
  maxLifetimeDays: number | null;
  maxFileBytes: number | null;
}

/** A workspace that has rules: a Slack team or organisation, a Discord guild. */
export interface Governed {
  platform: Platform;
  workspaceId: string;
}

/** What somebody filled in for rules. */
export interface RulesForm {
  domainsText: string;
  /** Days; anything that is none of the choices is no limit. */
  lifetime: string;
  /** In MB. */
  sizeText: string;
}

type Checked = {
  emails: readonly string[];
  files: readonly { name: string; sizeBytes: number }[];
  lifetimeDays: number;
};

export const MAX_DOMAINS_LENGTH = 2000;
const MIB = 1024 ** 2;
const NO_RULES: Rules = { allowedDomains: [], maxLifetimeDays: null, maxFileBytes: null };

/** The rules of all places that a share is made in: each of them holds. */
export async function findRules(
  db: Database | Prisma.TransactionClient,
  entrance: Entrance,
  places: readonly string[],
): Promise<Rules[]> {
  if (places.length === 0 || (entrance !== 'SLACK' && entrance !== 'DISCORD')) return [];
  const rows = await db.workspaceRules.findMany({
    where: { platform: entrance, workspaceId: { in: [...places] } },
  });
  return rows.map(toRules);
}

/** One workspace's rules, for whoever sets them. */
export async function getRules(deps: Pick<Deps, 'db'>, governed: Governed): Promise<Rules> {
  const { platform, workspaceId } = governed;
  const row = await deps.db.workspaceRules.findUnique({
    where: { platform_workspaceId: { platform, workspaceId } },
  });
  return row ? toRules(row) : NO_RULES;
}

/** @throws AppError forbidden with a code of `rules.*`, which names the rule that is broken first */
export function checkRules(rules: readonly Rules[], { emails, files, lifetimeDays }: Checked): void {
  for (const { allowedDomains: domains, maxLifetimeDays, maxFileBytes } of rules) {
    const refused = emails.find((email) => !isAllowed(email, domains));
    if (refused !== undefined) {
      throw new AppError('forbidden', 'rules.domain', {
        address: displayEmail(refused),
        domains: domains.map(displayDomain),
      });
    }
    if (maxLifetimeDays !== null && lifetimeDays > maxLifetimeDays)
      throw new AppError('forbidden', 'rules.lifetime', { max: maxLifetimeDays });
    const large = files.find(({ sizeBytes }) => maxFileBytes !== null && sizeBytes > maxFileBytes);
    if (large && maxFileBytes !== null) {
      const { name, sizeBytes } = large;
      throw new AppError('forbidden', 'rules.file_size', { name, sizeBytes, limitBytes: maxFileBytes });
    }
  }
}

/** How long a link lives where nobody chose: the usual time, or less where rules allow no more. */
export function defaultLifetimeDays(rules: readonly Rules[]): number {
  return Math.min(DEFAULT_LIFETIME_DAYS, allowedLifetimesDays(rules).at(-1) ?? DEFAULT_LIFETIME_DAYS);
}

/** What a form offers: rules allow at least the shortest. */
export function allowedLifetimesDays(rules: readonly Rules[]): number[] {
  const max = maxLifetimeDaysOf(rules);
  return LIFETIMES_DAYS.filter((days) => max === null || days <= max);
}

/** The longest that a link may live; null where no rule says. */
export function maxLifetimeDaysOf(rules: readonly Rules[]): number | null {
  const limits = rules.flatMap(({ maxLifetimeDays }) => maxLifetimeDays ?? []);
  return limits.length > 0 ? Math.min(...limits) : null;
}

/** What a form says, or what has to be mended at which of its fields. Never throws. */
export function readRulesForm({ domainsText, lifetime, sizeText }: RulesForm): {
  rules: Rules;
  problems: { domains?: AppError; size?: AppError };
} {
  const words = domainsText.split(/[\s,;，；、]+/).filter(Boolean);
  const domains = words.map(readDomain);
  const malformed = words.filter((_, index) => domains[index] === null).map((word) => word.slice(0, 60));
  const isTooLong = domainsText.length > MAX_DOMAINS_LENGTH;
  const maxFileBytes = readSize(sizeText);
  return {
    rules: {
      allowedDomains: [...new Set(domains.filter((domain) => domain !== null))],
      maxLifetimeDays: LIFETIMES_DAYS.find((days) => String(days) === lifetime) ?? null,
      maxFileBytes: maxFileBytes ?? null,
    },
    problems: {
      ...(isTooLong || malformed.length > 0
        ? { domains: new AppError('invalid', 'rules.domains_malformed', { domains: malformed.slice(0, 5) }) }
        : {}),
      ...(maxFileBytes === undefined ? { size: new AppError('invalid', 'rules.size_malformed', {}) } : {}),
    },
  };
}

/** The same rules as a form shows them. */
export function writeRulesForm({ allowedDomains, maxLifetimeDays, maxFileBytes }: Rules): RulesForm {
  return {
    domainsText: allowedDomains.map(displayDomain).join(', '),
    lifetime: String(maxLifetimeDays ?? 0),
    sizeText: maxFileBytes === null ? '' : String(Number((maxFileBytes / MIB).toFixed(2))),
  };
}

/** Sets a workspace's rules, for shares from now on; the caller has checked the right to it. Safe to repeat. */
export async function saveRules(
  deps: Pick<Deps, 'db' | 'log'>,
  { platform, workspaceId }: Governed,
  by: ChatUser,
  rules: Rules,
): Promise<void> {
  const identity = await findIdentity(deps, by);
  const { maxFileBytes, ...rest } = rules;
  const data = {
    ...rest,
    maxFileBytes: maxFileBytes === null ? null : BigInt(maxFileBytes),
    updatedAt: new Date(),
    updatedBy: by.userId,
  };
  await deps.db.$transaction(async (tx) => {
    await tx.workspaceRules.upsert({
      where: { platform_workspaceId: { platform, workspaceId } },
      create: { platform, workspaceId, ...data },
      update: data,
    });
    await recordAudit(tx, {
      accountId: identity?.accountId ?? null,
      action: 'workspace.rules_changed',
      subjectId: workspaceId,
    });
  });
  deps.log.info({ platform, workspaceId }, 'rules of a workspace changed');
}

/** `xn--bcher-kva.example` as people write it. */
export function displayDomain(domain: string): string {
  const [, wildcard = '', name = ''] = /^(\*\.)?(.*)$/.exec(domain) ?? [];
  return wildcard + (domainToUnicode(name) || name);
}

function isAllowed(email: string, domains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  return (
    domains.length === 0 ||
    domains.some((each) => (each.startsWith('*.') ? domain.endsWith(each.slice(1)) : domain === each))
  );
}

/** As typed: `Example.com`, `@example.com`, `*.bücher.example`; null for what is no domain. */
function readDomain(word: string): string | null {
  const [, wildcard = '', name = ''] = /^@?(\*\.)?(.*?)\.?$/.exec(word.toLowerCase()) ?? [];
  const ascii = domainToASCII(name);
  return isDomain(ascii) ? wildcard + ascii : null;
}

/** Bytes; null for no limit, undefined for what is no size. */
function readSize(text: string): number | null | undefined {
  const words = text
    .trim()
    .replace(/\s*MB$/i, '')
    .replace(',', '.');
  if (words === '') return null;
  const bytes = /^\d{1,7}(\.\d{1,2})?$/.test(words) ? Math.round(Number(words) * MIB) : 0;
  return bytes > 0 ? bytes : undefined;
}

function toRules(row: {
  allowedDomains: string[];
  maxLifetimeDays: number | null;
  maxFileBytes: bigint | null;
}): Rules {
  const { allowedDomains, maxLifetimeDays, maxFileBytes } = row;
  return {
    allowedDomains,
    maxLifetimeDays,
    maxFileBytes: maxFileBytes === null ? null : Number(maxFileBytes),
  };
}
