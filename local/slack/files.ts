import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Installation } from './installations.js';
import { APP, teamOf, type Channel } from './people.js';
import { SlackError } from './slack-error.js';
import { newId, type SlackWorld } from './world.js';

/** What became of a file; every state but `ok` is one that an app meets in real workspaces. */
export type FileState =
  'ok' | 'deleted' | 'tombstone' | 'hidden_by_limit' | 'external' | 'check_file_info' | 'access_denied';

export interface StoredFile {
  id: string;
  userId: string;
  name: string;
  mimetype: string;
  sizeBytes: number;
  createdSec: number;
  /** Where it was posted; empty for a file that was only put into a modal. */
  channelIds: string[];
  /** It was handed to the app through a modal, so the app sees it wherever it lies. */
  isGivenToApp: boolean;
  state: FileState;
}

export interface Upload {
  userId: string;
  name: string;
  mimetype: string;
  source: Uint8Array | string | Readable;
}

/** The files that earlier runs left in `dataDir`, so that a queued download survives a restart. */
export async function loadFiles(dataDir: string): Promise<Map<string, StoredFile>> {
  await mkdir(dataDir, { recursive: true });
  const files = new Map<string, StoredFile>();
  for (const name of (await readdir(dataDir)).filter((each) => each.endsWith('.json'))) {
    const file = JSON.parse(await readFile(join(dataDir, name), 'utf8')) as StoredFile;
    files.set(file.id, file);
  }
  return files;
}

/**
 * Stores bytes, a file's copy (`source` is a path) or a stream; nothing stays behind when the source fails.
 * @throws Error for an unknown person
 */
export async function storeFile(world: SlackWorld, upload: Upload): Promise<StoredFile> {
  const { userId, name, mimetype, source } = upload;
  teamOf(userId);
  const id = newId('F');
  const path = bytesPath(world, id);
  try {
    if (typeof source === 'string') await copyFile(source, path);
    else if (source instanceof Uint8Array) await writeFile(path, source);
    else await pipeline(source, createWriteStream(path));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  const { size: sizeBytes } = await stat(path);
  const createdSec = Math.floor(world.now() / 1000);
  const file = { id, userId, name, mimetype, sizeBytes, createdSec, channelIds: [], isGivenToApp: false };
  return saveFile(world, { ...file, state: 'ok' });
}

/** Remembers a file's changed fields, also on disk. */
export async function saveFile(world: SlackWorld, file: StoredFile): Promise<StoredFile> {
  world.files.set(file.id, file);
  await writeFile(`${bytesPath(world, file.id)}.json`, JSON.stringify(file));
  return file;
}

/** Where the bytes of a file lie. */
export function bytesPath(world: SlackWorld, fileId: string): string {
  return join(world.dataDir, fileId);
}

/** The file as the app may see it. @throws SlackError file_not_found, file_deleted or access_denied */
export function fileForApp(
  world: SlackWorld,
  installation: Installation,
  fileId: unknown,
): Record<string, unknown> {
  const file = world.files.get(String(fileId));
  if (!file || !isVisibleToApp(world, installation, file)) throw new SlackError('file_not_found');
  if (file.state === 'deleted') throw new SlackError('file_deleted');
  if (file.state === 'access_denied') throw new SlackError('access_denied');
  // "check_file_info" means: this call has the information that the message lacked.
  return file.state === 'check_file_info' ? fileObject(world, file) : fileInMessage(world, file);
}

/** The file as messages and shortcut payloads carry it: less than `files.info` for every state but `ok`. */
export function fileInMessage(world: SlackWorld, file: StoredFile): Record<string, unknown> {
  const { id } = file;
  switch (file.state) {
    case 'deleted':
    case 'tombstone':
      return { id, mode: 'tombstone' };
    case 'hidden_by_limit':
      return { id, mode: 'hidden_by_limit' };
    case 'check_file_info':
    case 'access_denied':
      return { id, mode: 'file_access', file_access: 'check_file_info', created: 0, timestamp: 0 };
    case 'external': {
      const foreign = `https://drive.example.com/file/d/${id}/view`;
      const links = { url_private: foreign, url_private_download: undefined, external_url: foreign };
      const kind = { mode: 'external', is_external: true, external_type: 'gdrive', size: 0 };
      return { ...fileObject(world, file), ...links, ...kind };
    }
    case 'ok':
      return fileObject(world, file);
  }
}

/** Public channels need no membership [unconfirmed by the documentation]; private ones and direct messages do. */
export function isVisibleToApp(world: SlackWorld, { teamIds }: Installation, file: StoredFile): boolean {
  if (!teamIds.includes(teamOf(file.userId).id)) return false;
  if (file.isGivenToApp) return true;
  return channelsOf(world, file).some(
    ({ kind, memberIds }) => kind === 'public' || memberIds.includes(APP.botUserId),
  );
}

function fileObject(world: SlackWorld, file: StoredFile): Record<string, unknown> {
  const { id, name, userId, createdSec } = file;
  const team = teamOf(userId);
  const base = `${world.url}/files-pri/${team.id}-${id}`;
  const path = encodeURIComponent(name);
  const idsOf = (kind: Channel['kind']): string[] =>
    channelsOf(world, file).flatMap((channel) => (channel.kind === kind ? [channel.id] : []));
  const links = { url_private: `${base}/${path}`, url_private_download: `${base}/download/${path}` };
  const filetype = extname(name).slice(1).toLowerCase() || 'binary';
  return {
    ...{ id, name, title: name, filetype, mimetype: file.mimetype, size: file.sizeBytes },
    ...{ created: createdSec, timestamp: createdSec, user: userId, user_team: team.id, username: '' },
    ...{ mode: 'hosted', is_external: false, external_type: '', editable: false, file_access: 'visible' },
    ...{ is_public: idsOf('public').length > 0, public_url_shared: false, display_as_bot: false },
    ...{ ...links, permalink: `https://${team.domain}.slack.com/files/${userId}/${id}/${path}` },
    ...{ channels: idsOf('public'), groups: idsOf('private'), ims: idsOf('im') },
  };
}

function channelsOf(world: SlackWorld, file: StoredFile): Channel[] {
  return world.channels.filter((channel) => file.channelIds.includes(channel.id));
}
