import type { Platforms } from '../core/platforms.js';
import { AppError } from '../core/errors.js';
import type { FileFetcher, SlackTokens } from '../core/ports.js';
import { createDiscordFileFetcher } from './discord-file-fetcher.js';
import { createSlackFileFetcher } from './slack-file-fetcher.js';

/** Fetches from whichever platform a source names. */
export function createFileFetcher(platforms: Platforms, slackTokens: SlackTokens | null): FileFetcher {
  const slack = platforms.slack && slackTokens && createSlackFileFetcher(platforms.slack, slackTokens);
  const discord = platforms.discord && createDiscordFileFetcher(platforms.discord);
  return {
    fetch(source, file) {
      const fetcher = source.kind === 'slack' ? slack : source.kind === 'discord' ? discord : null;
      if (!fetcher) throw new AppError('unavailable', 'service.unavailable', {});
      return fetcher.fetch(source, file);
    },
  };
}
