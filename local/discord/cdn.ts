import { createHmac } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { Router } from 'express';

import { sizeLimitBytes, type StoredFile, type World } from './world.js';

const GONE = 'This content is no longer available.';

export interface AttachmentObject {
  id: string;
  filename: string;
  /** The name as it was, when `filename` had to leave characters out. */
  title?: string;
  size: number;
  url: string;
  proxy_url: string;
  content_type?: string;
  ephemeral: boolean;
}

/** Keeps an upload on disk, streaming; refuses what is over the size limit of the person's client. */
export async function storeFile(
  world: World,
  folder: string,
  file: Pick<StoredFile, 'ownerId' | 'channelId' | 'name' | 'contentType'>,
  bytes: Readable,
): Promise<StoredFile> {
  const id = world.snowflake();
  const path = join(folder, id);
  await pipeline(bytes, createWriteStream(path));
  const sizeBytes = (await stat(path)).size;
  const limit = sizeLimitBytes(world, file.ownerId);
  if (sizeBytes > limit) {
    await rm(path);
    throw new Error(`Your files are too powerful: ${sizeBytes} bytes, and the limit is ${limit}`);
  }
  const stored = { ...file, id, path, sizeBytes };
  world.files.set(id, stored);
  return stored;
}

/**
 * An attachment as sent to clients, its URL signed afresh. Files of commands and modals are ephemeral.
 * @see https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
 */
export function attachmentObject(world: World, file: StoredFile, isEphemeral: boolean): AttachmentObject {
  const filename = file.name.replace(/\s+/g, '_').replace(/[^\w.-]/g, '') || 'unknown';
  const path = `/${isEphemeral ? 'ephemeral-attachments' : 'attachments'}/${file.channelId}/${file.id}/${filename}`;
  const issuedAt = Math.floor(world.now() / 1000).toString(16);
  const expiresAt = Math.floor((world.now() + world.attachmentLifeMs) / 1000).toString(16);
  const url = `${world.baseUrl}${path}?ex=${expiresAt}&is=${issuedAt}&hm=${sign(world, path, expiresAt, issuedAt)}`;
  return {
    id: file.id,
    filename,
    ...(filename === file.name ? {} : { title: file.name }),
    size: file.sizeBytes,
    url,
    proxy_url: url,
    ...(file.contentType ? { content_type: file.contentType } : {}),
    ephemeral: isEphemeral,
  };
}

/** Serves attachments, with Range; 404 once `ex` has passed or when the signature is not ours. */
export function createCdn(world: World): Router {
  const router = Router();
  router.get('/:kind/:channelId/:fileId/:filename', (request, response, next) => {
    const { kind, fileId } = request.params;
    if (kind !== 'attachments' && kind !== 'ephemeral-attachments') {
      next();
      return;
    }
    const { ex, is, hm } = request.query;
    const file = world.files.get(fileId);
    const isSigned =
      typeof ex === 'string' && typeof is === 'string' && hm === sign(world, request.path, ex, is);
    const isAlive = isSigned && parseInt(ex, 16) * 1000 > world.now() && !world.faults.expireAttachments;
    if (!file || !isAlive) {
      response.status(404).type('text/plain').send(GONE);
      return;
    }
    response.attachment(file.name).setHeader('Content-Type', file.contentType ?? 'application/octet-stream');
    response.sendFile(file.path, { dotfiles: 'allow', cacheControl: false });
  });
  return router;
}

function sign(world: World, path: string, expiresAt: string, issuedAt: string): string {
  return createHmac('sha256', world.urlSecret).update(`${path}:${expiresAt}:${issuedAt}`).digest('hex');
}
