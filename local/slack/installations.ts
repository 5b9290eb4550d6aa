import { randomBytes } from 'node:crypto';

import { APP, hasAppOnceInstalled, peopleOf, TEAMS } from './people.js';
import { SlackError } from './slack-error.js';
import type { SlackWorld } from './world.js';

/** "With token rotation, it expires every 12 hours." @see https://docs.slack.dev/authentication/using-token-rotation */
const TOKEN_LIFETIME_SEC = 43_200;

/** Who holds an installation: one workspace, or the whole organisation. */
export interface Holder {
  /** Null for an org-wide installation. */
  teamId: string | null;
  isEnterpriseInstall: boolean;
}

/** The app in one workspace, or in all of an organisation, with everything that was ever issued for it. */
export interface Installation extends Holder {
  /** The workspaces whose people and channels its tokens reach. */
  teamIds: string[];
  installerUserId: string | null;
  scopes: string[];
  isRevoked: boolean;
  botTokens: BotToken[];
  refreshTokens: RefreshToken[];
}

interface BotToken {
  token: string;
  /** Null without token rotation. */
  expiresAtMs: number | null;
}

interface RefreshToken {
  token: string;
  isUsed: boolean;
}

/** What an exchange answers of the tokens that it issued. */
export interface IssuedTokens {
  access_token: string;
  refresh_token?: string;
  expires_in?: number;
}

/** Makes the app a member of the workspaces. Installing once more adds scopes to what is there: they never shrink. */
export function install(
  world: SlackWorld,
  holder: Holder,
  installerUserId: string | null,
  scopes: readonly string[],
): Installation {
  const found = world.installations.find((each) => !each.isRevoked && isHeldBy(each, holder));
  if (found) {
    found.scopes = [...new Set([...found.scopes, ...scopes])];
    return Object.assign(found, { installerUserId });
  }
  const teamIds = holder.teamId === null ? TEAMS.map(({ id }) => id) : [holder.teamId];
  const installation = { ...holder, teamIds, installerUserId, scopes: [...scopes], isRevoked: false };
  const added: Installation = { ...installation, botTokens: [], refreshTokens: [] };
  world.installations.push(added);
  for (const channel of world.channels) {
    const isJoined = teamIds.includes(channel.teamId) && hasAppOnceInstalled(channel);
    if (isJoined && !channel.memberIds.includes(APP.botUserId)) channel.memberIds.push(APP.botUserId);
  }
  return added;
}

/** Issues what an exchange answers: a token for good, or under rotation one for 12 hours and what renews it once. */
export function issueTokens(world: SlackWorld, { botTokens, refreshTokens }: Installation): IssuedTokens {
  const secret = (): string => randomBytes(24).toString('hex');
  if (!world.oauth?.tokenRotation) {
    const token = `xoxb-${secret()}`;
    botTokens.push({ token, expiresAtMs: null });
    return { access_token: token };
  }
  const [token, refreshToken] = [`xoxe.xoxb-1-${secret()}`, `xoxe-1-${secret()}`];
  botTokens.push({ token, expiresAtMs: world.now() + TOKEN_LIFETIME_SEC * 1000 });
  refreshTokens.push({ token: refreshToken, isUsed: false });
  return { access_token: token, refresh_token: refreshToken, expires_in: TOKEN_LIFETIME_SEC };
}

/** Takes a refresh token, good once. @throws SlackError invalid_refresh_token */
export function spendRefreshToken(world: SlackWorld, refreshToken: unknown): Installation {
  for (const installation of world.installations) {
    const known = installation.refreshTokens.find(({ token }) => token === refreshToken);
    if (!known || known.isUsed || installation.isRevoked) continue;
    known.isUsed = true;
    return installation;
  }
  throw new SlackError('invalid_refresh_token');
}

/** Ends an installation with all its tokens; the bot user leaves the workspaces that no other one covers. */
export function revoke(world: SlackWorld, installation: Installation): void {
  installation.isRevoked = true;
  for (const teamId of installation.teamIds.filter((id) => !installationIn(world, id))) {
    for (const channel of world.channels.filter((each) => each.teamId === teamId)) {
      channel.memberIds = channel.memberIds.filter((id) => id !== APP.botUserId);
    }
    for (const { id } of peopleOf(teamId)) {
      world.modals.delete(id);
      world.homes.delete(id);
    }
  }
}

/** The installation through which the app hears of a workspace: its own before the organisation's. */
export function installationIn(world: SlackWorld, teamId: string): Installation | null {
  const live = world.installations.filter((each) => !each.isRevoked && each.teamIds.includes(teamId));
  return live.find((each) => each.teamId === teamId) ?? live[0] ?? null;
}

/** The installation that a bot token speaks for. @throws SlackError invalid_auth, token_revoked or token_expired */
export function installationOf(world: SlackWorld, botToken: string): Installation {
  for (const installation of world.installations) {
    const known = installation.botTokens.find(({ token }) => token === botToken);
    if (!known) continue;
    if (installation.isRevoked) throw new SlackError('token_revoked');
    if (known.expiresAtMs !== null && known.expiresAtMs <= world.now()) throw new SlackError('token_expired');
    return installation;
  }
  throw new SlackError('invalid_auth');
}

function isHeldBy(installation: Installation, holder: Holder): boolean {
  return (
    installation.teamId === holder.teamId && installation.isEnterpriseInstall === holder.isEnterpriseInstall
  );
}
