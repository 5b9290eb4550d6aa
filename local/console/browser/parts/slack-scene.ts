import type { Sight } from '../../../slack/sight.js';
import { readMrkdwn, type NameOf } from './formatting.js';
import type { Command, Modal, Named, Part, Place, Scene, ShownMessage, Where } from './scene.js';
import { partsOfBlocks } from './slack-blocks.js';

/** Slack's own command: it brings the app into a channel. */
export const INVITE = '/invite';

const HOME = 'home';
const ICONS = { public: 'hash', private: 'lock', im: 'chat' } as const;

/** What a person sees of the workspace, at one place. @throws Error where the person is nowhere */
export function sceneOfSlack(sight: Sight, where: Where): Scene {
  const { people, manifest, interactions } = sight;
  const nameOf: NameOf = (id) => nameIn(sight, id);
  const places = placesOf(sight);
  const place = places.find(({ id }) => id === where.placeId) ?? places[0];
  if (!place) throw new Error('This person is in no channel.');
  const isIn = (...icons: Place['icon'][]): Place[] => places.filter(({ icon }) => icons.includes(icon));
  const commands = manifest.commands.map(({ command, description, usageHint }) =>
    commandOf(command, description, usageHint),
  );
  const invite = commandOf(INVITE, `Add ${sight.app.displayName} to this channel`, `@${sight.app.name}`);
  return {
    people: people.map(({ id, realName }) => ({ id, name: realName })),
    groups: [
      { title: sight.team.name, places: isIn('hash', 'lock') },
      { title: 'Apps', places: isIn('chat', 'home') },
    ],
    place: { ...place, about: aboutPlace(sight, place) },
    commands: place.icon === 'chat' ? commands : [...commands, invite],
    shortcuts: shortcutsOf(sight, 'global'),
    messages: messagesIn(sight, { ...where, placeId: place.id }, nameOf),
    page: place.id === HOME ? pageOf(sight, nameOf) : null,
    modal: modalOf(sight, nameOf),
    outcomes: interactions.map(({ id, acknowledged, failed }) => {
      return { id, isDone: acknowledged || failed !== null, failure: failed };
    }),
  };
}

function placesOf({ channels, messages, app }: Sight): Place[] {
  const lastIn = (channelId: string): string =>
    messages.findLast((message) => message.channelId === channelId)?.ts ?? '';
  const places = channels.map(({ id, name, kind }): Place => {
    return { id, name: kind === 'im' ? app.displayName : name, icon: ICONS[kind], lastId: lastIn(id) };
  });
  return [...places, { id: HOME, name: 'App Home', icon: 'home', lastId: '' }];
}

function aboutPlace({ channels, app }: Sight, { id, icon }: Place): string {
  if (icon === 'home') return `What ${app.displayName} shows to you alone`;
  if (icon === 'chat') return `Direct messages with ${app.displayName}`;
  const isIn = channels.some((channel) => channel.id === id && channel.memberIds.includes(app.botUserId));
  const kind = icon === 'lock' ? 'private channel' : 'channel';
  return `${app.displayName} is ${isIn ? 'in' : 'not in'} this ${kind}`;
}

function messagesIn({ messages, app, manifest }: Sight, where: Where, nameOf: NameOf): ShownMessage[] {
  const { placeId, threadId } = where;
  const isHere = ({ ts, threadTs }: Sight['messages'][number]): boolean =>
    threadId === null ? threadTs === null : ts === threadId || threadTs === threadId;
  const inPlace = messages.filter(({ channelId }) => channelId === placeId);
  return inPlace.filter(isHere).map(({ ts, userId, text, blocks, files, onlyFor }) => ({
    id: ts,
    author: nameOf(userId),
    isApp: userId === app.botUserId,
    at: Number(ts) * 1000,
    isOnlyForYou: onlyFor !== null,
    isEdited: false,
    isThinking: false,
    parts: blocks.length > 0 ? partsOfBlocks(blocks, nameOf) : textPart(text, nameOf),
    files,
    menu: onlyFor === null ? shortcutsOf({ manifest }, 'message') : [],
    replies: onlyFor === null ? inPlace.filter(({ threadTs }) => threadTs === ts).length : null,
  }));
}

function textPart(text: string, nameOf: NameOf): Part[] {
  return text ? [{ kind: 'text', pieces: readMrkdwn(text, nameOf) }] : [];
}

function pageOf({ home, app }: Sight, nameOf: NameOf): Scene['page'] {
  if (home) return { id: home.id, parts: partsOfBlocks(home.content.blocks, nameOf) };
  const pieces = [
    `${app.displayName} has put nothing here. An app may publish a page of its own at this place.`,
  ];
  return { id: '', parts: [{ kind: 'text', look: 'quiet', pieces }] };
}

function modalOf({ views }: Sight, nameOf: NameOf): Modal | null {
  const open = views.at(-1);
  if (open?.content.type !== 'modal') return null;
  const { title, submit, close, blocks } = open.content;
  const parts = partsOfBlocks(blocks, nameOf, open.errors);
  const words = { title: title.text, submit: submit?.text ?? null, close: close?.text ?? 'Close' };
  return { id: open.id, openedBy: null, revision: open.hash, ...words, parts };
}

function shortcutsOf({ manifest }: Pick<Sight, 'manifest'>, type: 'message' | 'global'): Named[] {
  return manifest.shortcuts
    .filter((it) => it.type === type)
    .map(({ callbackId: id, name }) => ({ id, name }));
}

function commandOf(name: string, description: string, hint: string): Command {
  return { id: name, name, description, hint, fields: null };
}

function nameIn({ people, app, channels }: Sight, id: string): string {
  if (id === app.botUserId) return app.displayName;
  return (
    people.find((person) => person.id === id)?.realName ?? channels.find((it) => it.id === id)?.name ?? id
  );
}
