import type { Command } from './validate-command.js';
import type { Channel, World } from './world.js';

/** The commands that a person's client offers in a channel: in their context, and by an installation that reaches it. */
export function listOffered(world: World, { guildId }: Channel): Command[] {
  const isAppHere = !guildId || Boolean(world.guilds.get(guildId)?.hasApp);
  return [guildId ?? '', 'global']
    .flatMap((scope) => world.commands.get(scope) ?? [])
    .filter((it) => it.contexts?.includes(guildId ? 0 : 1) ?? true)
    .filter((it) => isAppHere || it.integration_types?.includes(1));
}
