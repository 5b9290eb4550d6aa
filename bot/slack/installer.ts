import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { HTTPReceiverOptions, Installation } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import { html, type Html } from '../../core/html.js';
import { INSTALL_PATH, saveInstallation } from '../../core/identities/installations.js';
import { text } from '../../core/messages/messages.js';
import { isFirstSeen } from '../../core/seen-request.js';
import type { HttpAccess } from './http-door.js';
import type { SlackDeps } from './slack-tools.js';

/** What the app asks for: docs/slack-manifest.yaml says the same. */
export const SCOPES = ['commands', 'files:read', 'chat:write', 'im:history'];

/** Where Slack sends people back to, below the public URL. */
export const REDIRECT_PATH = '/slack/oauth_redirect';

const STATE_LIFETIME_MS = 10 * 60 * 1000;

type InstallerOptions = Pick<
  HTTPReceiverOptions,
  'clientId' | 'clientSecret' | 'redirectUri' | 'installationStore' | 'installerOptions' | 'scopes'
>;

/** How Bolt lets people install the app: state that works once in one browser, and tokens that are kept encrypted. */
export function createInstaller(
  deps: SlackDeps,
  { clientId, clientSecret, tokenKeys, publicUrl }: HttpAccess,
  clientOptions: WebClientOptions,
): InstallerOptions {
  return {
    ...{ clientId, clientSecret, redirectUri: `${publicUrl}${REDIRECT_PATH}` },
    scopes: SCOPES,
    installationStore: {
      storeInstallation: (installation) => store(deps, tokenKeys, installation),
      // Tokens are read where they are used, and events of uninstalling are ours.
      fetchInstallation: () => Promise.reject(new Error('Bolt looks no installation up')),
    },
    installerOptions: {
      directInstall: true,
      redirectUriPath: REDIRECT_PATH,
      clientOptions,
      authorizationUrl: new URL('/oauth/v2/authorize', clientOptions.slackApiUrl).href,
      stateStore: {
        generateStateParam: () => Promise.resolve(mintState(clientSecret)),
        async verifyStateParam(_now, state) {
          const isNew = isOwnState(clientSecret, state) && (await isFirstSeen(deps, `slack-state:${state}`));
          if (!isNew) throw new Error('a state that is made up, too old or used');
          return { scopes: SCOPES, redirectUri: `${publicUrl}${REDIRECT_PATH}` };
        },
      },
      callbackOptions: {
        success: (installation, _options, _request, response) => {
          const name = installation.team?.name ?? installation.enterprise?.name ?? 'Slack';
          sendPage(response, 200, text('install.done', { name }), html`<p>${text('install.next', {})}</p>`);
        },
        failure: (error, _options, _request, response) => {
          deps.log.warn({ code: error.code }, 'app not installed in Slack');
          const again = html`<p><a href="${INSTALL_PATH}">${text('install.again', {})}</a></p>`;
          sendPage(response, 400, text('install.failed', {}), again);
        },
      },
    },
  };
}

async function store(
  deps: SlackDeps,
  tokenKeys: HttpAccess['tokenKeys'],
  { team, enterprise, isEnterpriseInstall, bot, user }: Installation,
): Promise<void> {
  const owner = isEnterpriseInstall ? enterprise : team;
  if (!owner || !bot) throw new Error('Slack named no workspace, or gave no token of a bot');
  await saveInstallation(
    { ...deps, tokenKeys },
    {
      workspaceId: owner.id,
      name: owner.name ?? owner.id,
      isOrganisation: isEnterpriseInstall === true,
      scopes: bot.scopes,
      installedBy: user.id,
      botToken: bot.token,
      refreshToken: bot.refreshToken,
      tokenExpiresAt: bot.expiresAt === undefined ? undefined : new Date(bot.expiresAt * 1000),
    },
  );
}

/** `<expires in ms>.<random>.<HMAC>`: any of our processes can check it. */
function mintState(secret: string): string {
  const claim = `${Date.now() + STATE_LIFETIME_MS}.${randomBytes(16).toString('base64url')}`;
  return `${claim}.${signState(secret, claim)}`;
}

function isOwnState(secret: string, state: string): boolean {
  const [expiresMs = '', random = '', signature = ''] = state.split('.', 3);
  const expected = Buffer.from(signState(secret, `${expiresMs}.${random}`));
  const given = Buffer.from(signature);
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  return isSigned && Number(expiresMs) > Date.now();
}

function signState(secret: string, claim: string): string {
  return createHmac('sha256', secret).update(`slack-install:${claim}`).digest('base64url');
}

/** A page on its own: whoever installs the app comes from Slack and goes back there. */
function sendPage(response: ServerResponse, status: number, title: string, body: Html): void {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          body {
            font:
              1.1rem/1.5 system-ui,
              sans-serif;
            max-width: 32rem;
            margin: 15vh auto 0;
            padding: 0 1.5rem;
            color-scheme: light dark;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(page.markup);
}
