import type { Installation } from '../../prisma/generated/client.js';
import type { SlackAccess } from '../platforms.js';
import { AppError } from '../errors.js';
import type { Deps, SlackOAuth, SlackTokens, SlackWorkspace } from '../ports.js';
import { endShare } from '../shares/end-share.js';
import { decryptToken, encryptToken, type TokenKeys } from './token-cipher.js';

/** A token that ends within this time is renewed before it is used: Slack's live twelve hours. */
const RENEW_WITHIN_MS = 2 * 60 * 60 * 1000;

/** Waiting for another process to renew it included. */
const RENEW_TIMEOUT_MS = 15_000;

type TokenDeps = Pick<Deps, 'db' | 'log'> & {
  tokenKeys: TokenKeys;
  oauth: SlackOAuth;
  /** Where a workspace installs the app. */
  installUrl: string;
};

/** Where somebody installs the app, below the public URL. */
export const INSTALL_PATH = '/slack/install';

/** What Slack hands over as a workspace installs the app. */
export interface NewInstallation {
  /** The organisation's id where all of it installed the app, else the team's. */
  workspaceId: string;
  name: string;
  isOrganisation: boolean;
  scopes: string[];
  installedBy: string;
  botToken: string;
  /** Both, where the app's tokens are renewed. */
  refreshToken?: string | undefined;
  tokenExpiresAt?: Date | undefined;
}

/** Keeps an installation, its tokens encrypted; installing again replaces it. */
export async function saveInstallation(
  { db, log, tokenKeys }: Pick<TokenDeps, 'db' | 'log' | 'tokenKeys'>,
  { botToken, refreshToken, tokenExpiresAt, ...installation }: NewInstallation,
): Promise<void> {
  const { workspaceId } = installation;
  const data = {
    ...installation,
    installedAt: new Date(),
    ...sealTokens(tokenKeys, workspaceId, { botToken, refreshToken, tokenExpiresAt }),
  };
  await db.installation.upsert({ where: { workspaceId }, create: data, update: data });
  log.info({ workspaceId }, 'app installed in Slack');
}

/** The one token that was given, or those of every workspace that installed the app. */
export function createSlackTokens(
  deps: Pick<Deps, 'db' | 'log'>,
  access: SlackAccess,
  oauth: SlackOAuth,
): SlackTokens {
  if (access.kind === 'socket') return { get: () => Promise.resolve(access.botToken) };
  const { tokenKeys, publicUrl } = access;
  const all = { ...deps, tokenKeys, oauth, installUrl: `${publicUrl}${INSTALL_PATH}` };
  return { get: (workspace) => getToken(all, workspace) };
}

async function getToken(deps: TokenDeps, workspace: SlackWorkspace): Promise<string> {
  const installation = await findInstallation(deps, workspace);
  if (!installation) throw new AppError('forbidden', 'file.reinstall', { url: deps.installUrl });
  if (!isEnding(installation)) return openToken(deps, installation);
  return renewToken(deps, installation.workspaceId);
}

/** A team's own installation comes before its organisation's. */
async function findInstallation(
  { db }: Pick<Deps, 'db'>,
  { teamId, workspaceId }: SlackWorkspace,
): Promise<Installation | null> {
  const found = await db.installation.findMany({ where: { workspaceId: { in: [teamId, workspaceId] } } });
  return (
    found.find((each) => each.workspaceId === teamId) ?? found.find((each) => each.isOrganisation) ?? null
  );
}

/**
 * Whose rules somebody in Slack may set, and whose log they may have: the workspace, or the organisation, in which that
 * person installed the app; by Socket Mode, where nobody installs it, the team of those whom the operator names.
 */
export function createSlackAdministrators(
  { db }: Pick<Deps, 'db'>,
  access: SlackAccess,
): SlackAdministrators {
  return async (workspace, userId) => {
    const { teamId, workspaceId } = workspace;
    if (access.kind === 'socket') return access.adminUserIds.includes(userId) ? teamId : null;
    const found = await db.installation.findMany({
      where: { workspaceId: { in: [teamId, workspaceId] }, installedBy: userId },
    });
    const ofTeam = found.find((each) => each.workspaceId === teamId);
    return (ofTeam ?? found.find((each) => each.isOrganisation))?.workspaceId ?? null;
  };
}

/** @returns the id that rules are kept under; null where the person administers nothing there */
export type SlackAdministrators = (workspace: SlackWorkspace, userId: string) => Promise<string | null>;

/** A refresh token works once: whoever holds the row renews, and the others find the new token. */
async function renewToken(deps: TokenDeps, workspaceId: string): Promise<string> {
  return deps.db.$transaction(
    async (tx) => {
      await tx.$executeRaw`SELECT 1 FROM installation WHERE workspace_id = ${workspaceId} FOR UPDATE`;
      const current = await tx.installation.findUnique({ where: { workspaceId } });
      if (!current) throw new AppError('forbidden', 'file.reinstall', { url: deps.installUrl });
      if (!isEnding(current) || !current.refreshToken) return openToken(deps, current);
      const refreshToken = decryptToken(deps.tokenKeys, place(workspaceId, 'refresh'), current.refreshToken);
      try {
        const renewed = await deps.oauth.refresh(refreshToken);
        const data = sealTokens(deps.tokenKeys, workspaceId, renewed);
        await tx.installation.update({ where: { workspaceId }, data });
        return renewed.botToken;
      } catch (error) {
        deps.log.warn({ err: error, workspaceId }, 'token of Slack not renewed');
        if (current.tokenExpiresAt && current.tokenExpiresAt.getTime() > Date.now()) {
          return openToken(deps, current);
        }
        throw error;
      }
    },
    { timeout: RENEW_TIMEOUT_MS, maxWait: RENEW_TIMEOUT_MS },
  );
}

/**
 * Forgets a workspace that uninstalled the app: tokens, rules, connected people, drafts, and what was seen of its files.
 * Shares that wait for its files fail, and say so; those that were stored are their senders' and stay. Safe to repeat.
 * Where the app was installed again after `at`, the news is old, and nothing happens.
 */
export async function removeInstallation(
  deps: Pick<Deps, 'db' | 'queue' | 'log'>,
  workspaceId: string,
  at: Date,
): Promise<void> {
  const people = { platform: 'SLACK', workspaceId } as const;
  const failed = await deps.db.$transaction(async (tx) => {
    if ((await tx.installation.count({ where: { workspaceId, installedAt: { gt: at } } })) > 0) return [];
    await tx.installation.deleteMany({ where: { workspaceId } });
    await tx.workspaceRules.deleteMany({ where: people });
    await tx.logExport.deleteMany({ where: { workspaceId, identity: { platform: 'SLACK' } } });
    await tx.slackFileSeen.deleteMany({ where: { teamId: workspaceId } });
    await tx.shareDraft.deleteMany({ where: people });
    await tx.linkCode.deleteMany({ where: people });
    await tx.chatIdentity.deleteMany({ where: people });
    const waiting = await tx.$queryRaw<{ id: string }[]>`
      SELECT s.id FROM share s WHERE s.state IN ('RECEIVED', 'STORING') AND EXISTS (
        SELECT 1 FROM attachment a WHERE a.share_id = s.id AND a.state = 'EXPECTED' AND a.source->>'kind' = 'slack'
          AND ${workspaceId} IN (a.source->>'teamId', a.source->>'workspaceId'))`;
    const reason = new AppError('forbidden', 'file.reinstall', {});
    for (const { id } of waiting) await endShare(tx, id, { state: 'FAILED', by: null, reason });
    await tx.chatNotice.deleteMany({ where: people });
    return waiting;
  });
  for (const { id: shareId } of failed) await deps.queue.add('delete-objects', { shareId });
  deps.log.info({ workspaceId, shares: failed.length }, 'app uninstalled from Slack');
}

function isEnding({ tokenExpiresAt, refreshToken }: Installation): boolean {
  return (
    tokenExpiresAt !== null &&
    refreshToken !== null &&
    tokenExpiresAt.getTime() - Date.now() < RENEW_WITHIN_MS
  );
}

function openToken({ tokenKeys }: TokenDeps, { workspaceId, botToken }: Installation): string {
  return decryptToken(tokenKeys, place(workspaceId, 'bot'), botToken);
}

function sealTokens(
  keys: TokenKeys,
  workspaceId: string,
  {
    botToken,
    refreshToken,
    tokenExpiresAt,
  }: Pick<NewInstallation, 'botToken' | 'refreshToken' | 'tokenExpiresAt'>,
): Pick<Installation, 'botToken' | 'refreshToken' | 'tokenExpiresAt'> {
  return {
    botToken: encryptToken(keys, place(workspaceId, 'bot'), botToken),
    refreshToken: refreshToken ? encryptToken(keys, place(workspaceId, 'refresh'), refreshToken) : null,
    tokenExpiresAt: tokenExpiresAt ?? null,
  };
}

function place(workspaceId: string, token: 'bot' | 'refresh'): string {
  return `installation:${workspaceId}:${token}`;
}
