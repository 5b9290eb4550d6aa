import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import express, { type Request, type Response, type Router } from 'express';

import { bytesPath, isVisibleToApp, type FileState, type StoredFile } from './files.js';
import { installationOf, type Installation } from './installations.js';
import { teamOf } from './people.js';
import { SlackError } from './slack-error.js';
import type { SlackWorld } from './world.js';

const DOWNLOADABLE: ReadonlySet<FileState> = new Set(['ok', 'check_file_info'] as const);
const SIGN_IN_PAGE = `<!DOCTYPE html><html><title>Slack</title><body>Sign in to your workspace</body></html>`;

/** The host behind `url_private` and `url_private_download`: streams from disk, answers Range requests. */
export function createFilesHost(world: SlackWorld): Router {
  const router = express.Router();
  router.get(
    ['/files-pri/:key/:name', '/files-pri/:key/download/:name', '/cdn/:key/:name'],
    async (request, response) => {
      const { key, name } = request.params;
      const { filesHost } = world.faults;
      const file = requestedFile(world, request);
      const path = `${String(key)}/${encodeURIComponent(String(name))}`;
      // A missing token or scope is no 401: "HTTP 200 and an HTML sign-in page".
      if (!file || filesHost === 'sign-in-page') response.status(200).type('html').send(SIGN_IN_PAGE);
      else if (filesHost === 'gone' || !DOWNLOADABLE.has(file.state))
        response.status(410).type('html').send('Gone');
      else if (request.path.startsWith('/cdn/')) await sendBytes(world, file, response);
      else if (filesHost === 'redirect') response.redirect(`${world.url}/cdn/${path}`);
      else if (filesHost === 'redirect-elsewhere') response.redirect(`${elsewhere(world)}/${path}`);
      else await sendBytes(world, file, response);
    },
  );
  router.get('/elsewhere/:key/:name', (request, response) => {
    world.authorizationSeenElsewhere.push(request.get('authorization') ?? null);
    response.type('application/octet-stream').send('not the bytes of this file');
  });
  return router;
}

// Another host name for the same server: a client's `fetch` sees another origin.
function elsewhere(world: SlackWorld): string {
  return `${world.url.replace('127.0.0.1', 'localhost')}/elsewhere`;
}

async function sendBytes(world: SlackWorld, file: StoredFile, response: Response): Promise<void> {
  response.attachment(file.name).setHeader('Content-Type', file.mimetype);
  // An error while sending is a client that went away: there is nobody left to tell.
  if (world.faults.filesHost !== 'truncate') {
    const options = { root: world.dataDir, dotfiles: 'allow', cacheControl: false } as const;
    response.sendFile(file.id, options, () => undefined);
    return;
  }
  response.setHeader('Content-Length', file.sizeBytes);
  const half = createReadStream(bytesPath(world, file.id), {
    end: Math.max(0, Math.floor(file.sizeBytes / 2) - 1),
  });
  await pipeline(half, response, { end: false }).catch(() => undefined);
  response.destroy();
}

function requestedFile(world: SlackWorld, request: Request): StoredFile | undefined {
  const [, token] = /^Bearer (.+)$/.exec(request.get('authorization') ?? '') ?? [];
  const installation = token === undefined ? undefined : liveInstallation(world, token);
  if (!installation?.scopes.includes('files:read')) return undefined;
  const [teamId, fileId = ''] = String(request.params.key).split('-');
  const file = world.files.get(fileId);
  if (!file || teamOf(file.userId).id !== teamId) return undefined;
  return isVisibleToApp(world, installation, file) ? file : undefined;
}

function liveInstallation(world: SlackWorld, token: string): Installation | undefined {
  try {
    return installationOf(world, token);
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return undefined;
  }
}
