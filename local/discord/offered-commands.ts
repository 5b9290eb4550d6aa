import { mayUse } from './objects.js';
import type { Command } from './validate-command.js';
import type { Channel, World } from './world.js';

/**
 * The commands that a person's client offers in a channel: in their context, by an installation that reaches it, and
 * with the permissions that they want of whoever uses them.
 * @see https://docs.discord.com/developers/interactions/application-commands#permissions
 */
export function listOffered(world: World, { guildId }: Channel, userId: string): Command[] {
  const isAllowed = ({ default_member_permissions: wanted }: Command): boolean =>
    !guildId || typeof wanted !== 'string' || mayUse(world, userId, BigInt(wanted));
  const isAppHere = !guildId || Boolean(world.guilds.get(guildId)?.hasApp);
  return [guildId ?? '', 'global']
    .flatMap((scope) => world.commands.get(scope) ?? [])
    .filter((it) => it.contexts?.includes(guildId ? 0 : 1) ?? true)
    .filter(isAllowed)
    .filter((it) => isAppHere || it.integration_types?.includes(1));
}
