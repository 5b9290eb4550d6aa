import type { Interactions, InteractionView } from './interactions.js';
import { applicationObject, messageObject, type MessageObject } from './objects.js';
import { listOffered } from './offered-commands.js';
import type { Command } from './validate-command.js';
import type { Channel, DiscordPerson, Guild, StoredMessage, World } from './world.js';

const MAX_MESSAGES = 300;
const MAX_INTERACTIONS = 30;

/** A file as people see it. Its URL is left out: signed anew each time, it would be a change of every moment. */
interface SeenFile {
  id: string;
  name: string;
  sizeBytes: number;
}

/** Everything that one person has before their eyes. */
export interface Sight {
  app: { id: string; name: string };
  people: DiscordPerson[];
  guilds: Guild[];
  channels: (Channel & { commands: Command[] })[];
  /** The newest of all channels, oldest first. */
  messages: (Omit<MessageObject, 'attachments'> & { attachments: SeenFile[]; isOnlyForOne: boolean })[];
  /** What became of the person's last acts. */
  interactions: Pick<InteractionView, 'id' | 'acknowledged' | 'failed' | 'modal'>[];
}

/** What the person sees now, for the chat console. @throws Error for an unknown person */
export function sightOf(world: World, interactions: Interactions, userId: string): Sight {
  if (!world.people.has(userId)) throw new Error(`No person ${userId}`);
  const channels = [...world.channels.values()].filter((it) => (it.recipientId ?? userId) === userId);
  const isSeen = ({ channelId, onlyFor, isDeleted }: StoredMessage): boolean =>
    !isDeleted && (onlyFor ?? userId) === userId && channels.some(({ id }) => id === channelId);
  const messages = [...world.messages.values()].filter(isSeen).slice(-MAX_MESSAGES);
  return {
    app: { id: world.applicationId, name: String(applicationObject(world)['name']) },
    people: [...world.people.values()],
    guilds: [...world.guilds.values()],
    channels: channels.map((channel) => ({ ...channel, commands: listOffered(world, channel, userId) })),
    messages: messages.map((message) => ({
      ...messageObject(world, message),
      isOnlyForOne: message.onlyFor !== null,
      attachments: message.fileIds.flatMap((id) => {
        const file = world.files.get(id);
        return file ? [{ id, name: file.name, sizeBytes: file.sizeBytes }] : [];
      }),
    })),
    interactions: interactions
      .idsOf(userId)
      .slice(-MAX_INTERACTIONS)
      .map((id) => {
        const { acknowledged, failed, modal } = interactions.view(id);
        return { id, acknowledged, failed, modal };
      }),
  };
}
