import type { Platforms } from '../core/platforms.js';
import { AppError } from '../core/errors.js';
import type { FileFetcher } from '../core/ports.js';
import { BlockedUrl, guardedGet } from './guarded-get.js';

/** Fetches attachments by the signed URLs that Discord hands out, which live for about a day. */
export function createDiscordFileFetcher({ fileHosts }: NonNullable<Platforms['discord']>): FileFetcher {
  return {
    async fetch(source, { name, sizeBytes }) {
      if (source.kind !== 'discord') throw new TypeError(`not a Discord file: ${source.kind}`);
      const unreachable = (cause: unknown): AppError =>
        new AppError('unavailable', 'file.unreachable', { name, platform: 'Discord' }, { cause });
      const response = await guardedGet(source.url, { hosts: fileHosts }).catch((error: unknown) => {
        if (error instanceof BlockedUrl)
          throw new AppError('invalid', 'file.blocked_source', { name }, { cause: error });
        throw unreachable(error);
      });
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) {
        const length = headers['content-length'];
        if (length === undefined || Number(length) === sizeBytes) return response;
        response.destroy();
        throw new AppError('invalid', 'file.size_differs', { name });
      }
      response.destroy();
      if ([403, 404, 410].includes(statusCode)) throw new AppError('gone', 'file.link_expired', { name });
      throw unreachable(new Error(`HTTP ${statusCode}`));
    },
  };
}
