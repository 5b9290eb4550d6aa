import { setTimeout as delay } from 'node:timers/promises';

import { ACK_TIMEOUT_MS, deliverEvent } from './app-door.js';
import { revoke, type Installation } from './installations.js';
import { decide, readAuthorizeRequest } from './oauth.js';
import { APP } from './people.js';
import type { SlackWorld } from './world.js';

interface Authorizing {
  userId: string;
  /** As the app sends the browser: `<url>/oauth/v2/authorize?client_id=…`. */
  url: string;
  isEnterpriseInstall?: boolean;
  /** Cancel instead of Allow. */
  isCancelled?: boolean;
}

interface Uninstalling {
  /** The organisation's id for an org-wide installation. */
  teamId: string;
  order?: 'uninstalled-first' | 'revoked-first';
  /** The events set out once this has settled, however long the tokens have been dead by then. */
  held?: Promise<void>;
}

export type Administrator = ReturnType<typeof administratorOf>;

/** What those people do who decide on the app in a workspace. */
export function createAdministrator(world: SlackWorld): Administrator {
  return administratorOf(world);
}

function administratorOf(world: SlackWorld) {
  return {
    /** Where Slack would send the browser next. @throws SlackError with what its page would say instead */
    authorize({ userId, url, isEnterpriseInstall = false, isCancelled = false }: Authorizing): string {
      const { origin, pathname, searchParams } = new URL(url);
      if (origin + pathname !== `${world.url}/oauth/v2/authorize`)
        throw new Error(`${url} is not Slack's page`);
      const request = readAuthorizeRequest(world, searchParams);
      return decide(world, request, { userId, isEnterpriseInstall, isAllowed: !isCancelled });
    },

    /** Ends the tokens at once. Both events come, in any order: the second once the first is answered, or after 3 s. */
    uninstall({ teamId, order = 'uninstalled-first', held = Promise.resolve() }: Uninstalling): void {
      const installation = world.installations.find(
        (each) => !each.isRevoked && (each.teamId ?? world.enterprise?.id) === teamId,
      );
      if (!installation) throw new Error(`the app is not installed in ${teamId}`);
      revoke(world, installation);
      void tellOfUninstall(world, installation, { teamId, order, held });
    },

    /** Every installation that there was, with its tokens. */
    installations: (): Installation[] => world.installations,
  };
}

async function tellOfUninstall(
  world: SlackWorld,
  installation: Installation,
  { teamId, order, held }: Required<Uninstalling>,
): Promise<void> {
  const event_ts = (world.now() / 1000).toFixed(6);
  const revoked = { type: 'tokens_revoked', tokens: { oauth: [], bot: [APP.botUserId] }, event_ts };
  const uninstalled = { type: 'app_uninstalled', event_ts };
  const [first, second] = order === 'uninstalled-first' ? [uninstalled, revoked] : [revoked, uninstalled];
  const isOver = await Promise.race([
    deliverEvent(world, installation, teamId, first, held).then(() => false),
    held.then(() => delay(ACK_TIMEOUT_MS, false, { signal: world.closing.signal })).catch(() => true),
  ]);
  if (!isOver) await deliverEvent(world, installation, teamId, second);
}
