import type { Interaction } from './interactions.js';
import { channelObject, memberObject, messageObject, userObject } from './objects.js';
import { sizeLimitBytes, type World } from './world.js';

const APP_PERMISSIONS = '562949953601536';

/** What the payload says beyond the interaction's own state. */
export interface Details {
  data: object;
  /** The command is installed by the person too, not only by the guild. */
  isUserInstalled?: boolean | undefined;
  /** The language of the person's client; that of the person unless told. */
  locale?: string | undefined;
  /** Makes of the payload what no Discord sends. */
  change?: ((payload: object) => object) | undefined;
}

/** @see https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object */
export function interactionPayload(
  world: World,
  { id, type, token, userId, channelId, sourceMessageId, hasAppHere }: Interaction,
  { data, isUserInstalled, locale }: Details,
): object {
  const channel = world.channels.get(channelId);
  const guild = world.guilds.get(channel?.guildId ?? '');
  const source = world.messages.get(sourceMessageId ?? '');
  const inGuild = guild && {
    guild_id: guild.id,
    guild: { id: guild.id, locale: 'en-US', features: [] },
    guild_locale: 'en-US',
    member: memberObject(world, userId),
  };
  return {
    ...{ id, type, token, version: 1, data, application_id: world.applicationId },
    channel_id: channelId,
    channel: channel && channelObject(world, channel),
    ...(inGuild ?? { user: userObject(world, userId) }),
    ...(source && { message: messageObject(world, source) }),
    app_permissions: APP_PERMISSIONS,
    locale: locale ?? world.people.get(userId)?.locale ?? 'en-US',
    entitlements: [],
    authorizing_integration_owners: {
      ...(hasAppHere && { 0: guild?.id ?? '0' }),
      ...((isUserInstalled ?? !hasAppHere) && { 1: userId }),
    },
    context: guild ? 0 : 1,
    attachment_size_limit: sizeLimitBytes(world, userId),
  };
}
