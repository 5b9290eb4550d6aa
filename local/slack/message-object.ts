import { fileInMessage } from './files.js';
import { APP } from './people.js';
import type { Message, SlackWorld } from './world.js';

/** The message as payloads, events and Web API answers carry it. */
export function messageObject(world: SlackWorld, message: Message): Record<string, unknown> {
  const { ts, channelId, userId, text, blocks, fileIds, threadTs } = message;
  const team = world.channels.find(({ id }) => id === channelId)?.teamId;
  const files = fileIds.flatMap((id) => world.files.get(id) ?? []).map((file) => fileInMessage(world, file));
  return {
    ...{ type: 'message', user: userId, team, ts, text },
    ...(userId === APP.botUserId && { bot_id: APP.botId, app_id: APP.id }),
    ...(blocks.length && { blocks }),
    ...(files.length && { subtype: 'file_share', files, upload: false }),
    ...(threadTs && { thread_ts: threadTs }),
  };
}

/** What people write, as Slack hands it on: escaped, with addresses made into links. */
export function toMrkdwn(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped.replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '<mailto:$&|$&>');
}
