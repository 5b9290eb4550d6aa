import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { removeInstallation } from '../../core/identities/installations.js';
import type { SlackTools } from './slack-tools.js';

/** The app was uninstalled. Slack says it by two events, in any order, of which each is enough. */
export async function onUninstalled({ deps }: SlackTools, { body }: { body: EventBody }): Promise<void> {
  await removeInstallation(deps, installationOf(body), new Date((body.event_time + 1) * 1000));
}

/** Tokens were revoked: without the bot's the app can do nothing there any more. */
export async function onTokensRevoked(
  tools: SlackTools,
  args: SlackEventMiddlewareArgs<'tokens_revoked'> & AllMiddlewareArgs,
): Promise<void> {
  const bots = args.event.tokens.bot ?? [];
  if (bots.length > 0) await onUninstalled(tools, args);
}

interface EventBody {
  /** In whole seconds: it happened before the next one began. */
  event_time: number;
  team_id: string;
  enterprise_id?: string;
  authorizations?: { is_enterprise_install?: boolean }[];
}

/** An organisation's installation is known by the organisation, any other by its team. */
function installationOf({ team_id: teamId, enterprise_id: enterpriseId, authorizations }: EventBody): string {
  const isOrganisation = authorizations?.[0]?.is_enterprise_install === true || !teamId;
  return (isOrganisation && enterpriseId) || teamId;
}
