export interface Team {
  id: string;
  domain: string;
  name: string;
}

/** The workspace that every run starts with. */
export const TEAM: Team = { id: 'T0ACME0001', domain: 'acme', name: 'Acme' };

/** Another workspace, which has its own people and hears of the app only once that is installed there. */
const GLOBEX: Team = { id: 'T0GLOBEX01', domain: 'globex', name: 'Globex' };

export const TEAMS: readonly Team[] = [TEAM, GLOBEX];

/** Our app; its bot user has one id in all workspaces. */
export const APP = {
  id: 'A0PASSALNG',
  botUserId: 'U0PASSBOT1',
  botId: 'B0PASSBOT1',
  name: 'passalong',
  displayName: 'Passalong',
} as const;

export interface Person {
  id: string;
  teamId: string;
  name: string;
  realName: string;
}

export interface Channel {
  id: string;
  teamId: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  memberIds: string[];
}

/** The people of all workspaces. */
export const PEOPLE: readonly Person[] = [
  { id: 'U0ADA00001', teamId: TEAM.id, name: 'ada', realName: 'Ada Lovelace' },
  { id: 'U0GRACE001', teamId: TEAM.id, name: 'grace', realName: 'Grace Hopper' },
  { id: 'U0ALAN0001', teamId: TEAM.id, name: 'alan', realName: 'Alan Turing' },
  { id: 'U0EDSGER01', teamId: GLOBEX.id, name: 'edsger', realName: 'Edsger Dijkstra' },
  { id: 'U0BARBARA1', teamId: GLOBEX.id, name: 'barbara', realName: 'Barbara Liskov' },
];

const GENERAL_IDS: readonly string[] = ['C0GENERAL1', 'C0GLOBEX01'];

/** The starting channels, none with the app in it. */
export function createChannels(): Channel[] {
  const acme = peopleOf(TEAM.id).map((person) => person.id);
  const globex = peopleOf(GLOBEX.id).map((person) => person.id);
  return [
    { id: 'C0GENERAL1', teamId: TEAM.id, name: 'general', kind: 'public', memberIds: [...acme] },
    { id: 'C0FILES001', teamId: TEAM.id, name: 'files', kind: 'public', memberIds: [...acme] },
    { id: 'C0SECRET01', teamId: TEAM.id, name: 'secret', kind: 'private', memberIds: [...acme] },
    { id: 'C0GLOBEX01', teamId: GLOBEX.id, name: 'general', kind: 'public', memberIds: [...globex] },
    ...PEOPLE.map(({ id, teamId }): Channel => ({
      id: directMessageId(id),
      teamId,
      name: 'directmessage',
      kind: 'im',
      memberIds: [id],
    })),
  ];
}

/** An installed app is in #general and in its direct messages from the start; elsewhere it is invited. */
export function hasAppOnceInstalled({ id, kind }: Channel): boolean {
  return kind === 'im' || GENERAL_IDS.includes(id);
}

export function peopleOf(teamId: string): Person[] {
  return PEOPLE.filter((person) => person.teamId === teamId);
}

/** The one workspace that a person belongs to. @throws Error for an unknown person */
export function teamOf(userId: string): Team {
  const person = PEOPLE.find(({ id }) => id === userId);
  if (!person) throw new Error(`no person ${userId}`);
  return getTeam(person.teamId);
}

/** @throws Error for an unknown workspace */
export function getTeam(teamId: string): Team {
  const team = TEAMS.find(({ id }) => id === teamId);
  if (!team) throw new Error(`no team ${teamId}`);
  return team;
}

/** The id of the direct messages between this person and the app. */
export function directMessageId(userId: string): string {
  return `D${userId.slice(1)}`;
}
