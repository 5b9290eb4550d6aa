/** The workspace that every run starts with. */
export const TEAM = { id: 'T0ACME0001', domain: 'acme', name: 'Acme' } as const;

/** Our app as it is installed in that workspace. */
export const APP = {
  id: 'A0PASSALNG',
  botUserId: 'U0PASSBOT1',
  botId: 'B0PASSBOT1',
  name: 'passalong',
  displayName: 'Passalong',
} as const;

export interface Person {
  id: string;
  name: string;
  realName: string;
}

export interface Channel {
  id: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  memberIds: string[];
}

export const PEOPLE: readonly Person[] = [
  { id: 'U0ADA00001', name: 'ada', realName: 'Ada Lovelace' },
  { id: 'U0GRACE001', name: 'grace', realName: 'Grace Hopper' },
  { id: 'U0ALAN0001', name: 'alan', realName: 'Alan Turing' },
];

/** The starting channels: the app is in #general and in its direct messages, not in #files and #secret. */
export function createChannels(): Channel[] {
  const everyone = PEOPLE.map((person) => person.id);
  return [
    { id: 'C0GENERAL1', name: 'general', kind: 'public', memberIds: [...everyone, APP.botUserId] },
    { id: 'C0FILES001', name: 'files', kind: 'public', memberIds: [...everyone] },
    { id: 'C0SECRET01', name: 'secret', kind: 'private', memberIds: [...everyone] },
    ...PEOPLE.map((person): Channel => ({
      id: directMessageId(person.id),
      name: 'directmessage',
      kind: 'im',
      memberIds: [person.id, APP.botUserId],
    })),
  ];
}

/** The id of the direct messages between this person and the app. */
export function directMessageId(userId: string): string {
  return `D${userId.slice(1)}`;
}
