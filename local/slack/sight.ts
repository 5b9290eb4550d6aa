import type { Interaction } from './interactions.js';
import type { AppManifest } from './manifest.js';
import { installationIn } from './installations.js';
import { APP, peopleOf, teamOf, type Channel, type Person, type Team } from './people.js';
import { stackOf, type OpenView } from './views.js';
import type { Message, SlackWorld } from './world.js';

const MAX_MESSAGES = 300;
const MAX_INTERACTIONS = 30;

/** A file as people see it: its bytes are for the app. */
interface SeenFile {
  id: string;
  name: string;
  sizeBytes: number;
  isGone: boolean;
}

/** Everything that one person has before their eyes. */
export interface Sight {
  team: Team;
  app: typeof APP;
  /** Of the same workspace. */
  people: readonly Person[];
  manifest: AppManifest;
  channels: Channel[];
  /** The newest of all channels, oldest first. */
  messages: (Message & { files: SeenFile[] })[];
  /** Open modals, the root first. */
  views: OpenView[];
  home: OpenView | null;
  /** What became of the person's last acts. */
  interactions: Pick<Interaction, 'id' | 'acknowledged' | 'failed'>[];
}

/** What the person sees now, for the chat console. @throws Error for an unknown person */
export function sightOf(world: SlackWorld, userId: string): Sight {
  const team = teamOf(userId);
  const isInstalled = installationIn(world, team.id) !== null;
  const manifest = isInstalled ? world.manifest : { commands: [], shortcuts: [] };
  const mine = world.channels.filter(({ memberIds }) => memberIds.includes(userId));
  const channels = mine.filter(({ kind }) => isInstalled || kind !== 'im');
  const isSeen = ({ channelId, onlyFor }: Message): boolean =>
    (onlyFor ?? userId) === userId && channels.some(({ id }) => id === channelId);
  const messages = world.messages.filter(isSeen).slice(-MAX_MESSAGES);
  const acts = [...world.interactions.values()].filter((act) => act.userId === userId);
  return {
    ...{ team, app: APP, people: peopleOf(team.id), manifest, channels },
    messages: messages.map((message) => ({ ...message, files: filesOf(world, message) })),
    views: stackOf(world, userId),
    home: world.homes.get(userId) ?? null,
    interactions: acts
      .slice(-MAX_INTERACTIONS)
      .map(({ id, acknowledged, failed }) => ({ id, acknowledged, failed })),
  };
}

function filesOf(world: SlackWorld, { fileIds }: Message): SeenFile[] {
  return fileIds.flatMap((fileId) => {
    const file = world.files.get(fileId);
    if (!file) return [];
    const { id, name, sizeBytes, state } = file;
    return [{ id, name, sizeBytes, isGone: ['deleted', 'tombstone', 'hidden_by_limit'].includes(state) }];
  });
}
