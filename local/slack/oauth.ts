import { randomBytes } from 'node:crypto';

import { install, issueTokens, spendRefreshToken, type Installation } from './installations.js';
import { APP, getTeam, teamOf } from './people.js';
import { SlackError } from './slack-error.js';
import type { SlackWorld } from './world.js';

/** "The code expires in 10 minutes." @see https://docs.slack.dev/authentication/installing-with-oauth */
const CODE_LIFETIME_MS = 10 * 60_000;

// Bot scopes as docs.slack.dev/reference/scopes lists them: those that something in this double asks for, and their
// neighbours. Another one is refused, even where the real Slack knows it: add what the product starts to use.
const KNOWN_SCOPES: readonly string[] = [
  ...['commands', 'files:read', 'files:write', 'chat:write', 'chat:write.public', 'team:read'],
  ...[
    'im:history',
    'im:read',
    'im:write',
    'channels:history',
    'channels:read',
    'groups:history',
    'groups:read',
  ],
  ...['users:read', 'users:read.email', 'app_mentions:read', 'links:read', 'reactions:read'],
];

/** The app's settings at Slack, by which others install it. */
export interface OauthApp {
  clientId: string;
  clientSecret: string;
  /** The first one is meant where a request names none. */
  redirectUrls: string[];
  tokenRotation?: boolean;
}

/** A browser's way to `/oauth/v2/authorize`, found to be in order. */
export interface AuthorizeRequest {
  scopes: string[];
  state: string | null;
  redirectUri: string;
  /** The workspace that the app suggests. */
  teamId: string | null;
}

export interface Decision {
  userId: string;
  isAllowed: boolean;
  isEnterpriseInstall: boolean;
}

export interface Grant extends Omit<Decision, 'isAllowed'> {
  scopes: string[];
  redirectUri: string;
  issuedAtMs: number;
  isUsed: boolean;
}

type Args = Record<string, unknown>;

/** Judges the query of `/oauth/v2/authorize`. @throws SlackError with what Slack's page says instead of the form */
export function readAuthorizeRequest(world: SlackWorld, query: URLSearchParams): AuthorizeRequest {
  const { redirectUrls } = getApp(world, query.get('client_id'), 'invalid client_id');
  const redirectUri = query.get('redirect_uri') ?? redirectUrls[0] ?? '';
  if (!redirectUrls.includes(redirectUri)) throw new SlackError('bad_redirect_uri');
  const scopes = namesIn(query.get('scope'));
  const isKnown = scopes.length > 0 && scopes.every((scope) => KNOWN_SCOPES.includes(scope));
  // The app asks for no person's own token, so that a user scope is a mistake.
  if (!isKnown || namesIn(query.get('user_scope')).length > 0) throw new SlackError('invalid_scope');
  return { scopes, redirectUri, state: query.get('state'), teamId: query.get('team') };
}

/** Where the browser goes after Allow or Cancel. @throws Error for an org-wide installation without an organisation */
export function decide(world: SlackWorld, request: AuthorizeRequest, decision: Decision): string {
  const { userId, isEnterpriseInstall } = decision;
  teamOf(userId);
  if (isEnterpriseInstall && !world.enterprise) throw new Error('there is no organisation to install in');
  const { scopes, redirectUri, state } = request;
  const answer = new URL(redirectUri);
  if (decision.isAllowed) {
    const code = randomBytes(24).toString('hex');
    const grant = {
      userId,
      isEnterpriseInstall,
      scopes,
      redirectUri,
      issuedAtMs: world.now(),
      isUsed: false,
    };
    world.grants.set(code, grant);
    answer.searchParams.set('code', code);
  } else {
    answer.searchParams.set('error', 'access_denied');
  }
  if (state !== null) answer.searchParams.set('state', state);
  return answer.href;
}

/**
 * oauth.v2.access: a code or a refresh token against tokens; only with a code is the app installed.
 * @throws SlackError with the codes of https://docs.slack.dev/reference/methods/oauth.v2.access
 */
export function accessTokens(world: SlackWorld, args: Args): Record<string, unknown> {
  const { clientSecret } = getApp(world, args.client_id, 'invalid_client_id');
  if (args.client_secret !== clientSecret) throw new SlackError('bad_client_secret');
  switch (args.grant_type) {
    case undefined:
    case 'authorization_code': {
      const { userId, isEnterpriseInstall, scopes } = spendCode(world, args);
      const teamId = isEnterpriseInstall ? null : teamOf(userId).id;
      const isOrgWide = world.installations.some((each) => each.isEnterpriseInstall && !each.isRevoked);
      if (isOrgWide && teamId !== null) throw new SlackError('cannot_install_an_org_installed_app');
      const installation = install(world, { teamId, isEnterpriseInstall }, userId, scopes);
      return { ...answerFor(world, installation), authed_user: { id: userId } };
    }
    case 'refresh_token':
      return answerFor(world, spendRefreshToken(world, args.refresh_token));
    default:
      throw new SlackError('invalid_grant_type');
  }
}

function getApp({ oauth }: SlackWorld, clientId: unknown, refusal: string): OauthApp {
  if (oauth === null) throw new SlackError(refusal);
  if (clientId !== oauth.clientId) throw new SlackError(refusal);
  return oauth;
}

// "redirect_uri must match the originally submitted URI (if one was sent)."
function spendCode(world: SlackWorld, { code, redirect_uri }: Args): Grant {
  const grant = world.grants.get(String(code));
  if (!grant) throw new SlackError('invalid_code');
  if (grant.isUsed) throw new SlackError('code_already_used');
  if (world.now() - grant.issuedAtMs > CODE_LIFETIME_MS) throw new SlackError('invalid_code');
  const isDefault = redirect_uri === undefined && grant.redirectUri === world.oauth?.redirectUrls[0];
  if (!isDefault && redirect_uri !== grant.redirectUri) throw new SlackError('bad_redirect_uri');
  grant.isUsed = true;
  return grant;
}

function answerFor(world: SlackWorld, installation: Installation): Record<string, unknown> {
  const { teamId, isEnterpriseInstall, scopes } = installation;
  const team = teamId === null ? null : getTeam(teamId);
  return {
    ...issueTokens(world, installation),
    ...{ token_type: 'bot', scope: scopes.join(','), bot_user_id: APP.botUserId, app_id: APP.id },
    team: team && { id: team.id, name: team.name },
    ...{ enterprise: world.enterprise, is_enterprise_install: isEnterpriseInstall },
  };
}

function namesIn(list: string | null): string[] {
  return (list ?? '').split(/[, ]/).filter(Boolean);
}
