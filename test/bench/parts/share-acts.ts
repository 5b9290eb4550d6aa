import { setTimeout as wait } from 'node:timers/promises';
import { call } from '../../../local/demo/entrance.js';

const CHANNELS = { slack: 'C0GENERAL1', discord: '300000000000000001' };
const PATIENCE_MS = 15_000;
const EVERY_MS = 60;

/** One person's act of sharing one small file with one address. Resolves once an answer shows; false where the app failed. */
export type ShareAct = (name: string, email: string) => Promise<boolean>;

/** `/share` in Discord with a file and an address. */
export function actInDiscord(url: string, userId: string): ShareAct {
  const control = `${url}/_control`;
  return async (name, email) => {
    const about = { userId, channelId: CHANNELS.discord, name, contentType: 'text/plain' };
    const file = await upload<{ id: string }>(control, about);
    const options = { file: file.id, emails: email };
    const command = { userId, channelId: CHANNELS.discord, command: 'share', options };
    const { interactionId } = await call<{ interactionId: string }>(`${control}/invokeCommand`, {
      json: command,
    });
    return until(async () => {
      const seen = await call<{ failed: boolean; message: { content: string } | null }>(
        `${control}/interactions/${interactionId}`,
      );
      return seen.failed ? false : seen.message?.content ? true : null;
    });
  };
}

/** The form of `/share` in Slack, filled in and sent. One person has one form open at a time. */
export function actInSlack(url: string, userId: string): ShareAct {
  const control = `${url}/_control`;
  interface Seen {
    failed: string | null;
    acknowledged: boolean;
    current: object | null;
  }
  const look = (id: string): Promise<Seen> => call<Seen>(`${control}/interactions/${id}`);
  return async (name, email) => {
    const { fileId } = await upload<{ fileId: string }>(control, { userId, name, mimetype: 'text/plain' });
    const typed = { userId, channelId: CHANNELS.slack, command: '/share', text: '' };
    const opened = await call<{ id: string; viewIds: string[] }>(`${control}/runCommand`, { json: typed });
    let viewId = '';
    const isOpen = await until(async () => {
      const views = await call<{ id: string }[]>(`${control}/views?userId=${userId}`);
      viewId = views.at(-1)?.id ?? '';
      if (viewId) return true;
      return (await look(opened.id)).failed ? false : null;
    });
    if (!isOpen) return false;
    const form = { userId, viewId, values: { emails: email }, files: { files: [fileId] } };
    const { id } = await call<{ id: string }>(`${control}/submitView`, { json: form });
    const isSent = await until(async () => {
      const { failed, acknowledged } = await look(id);
      return failed ? false : acknowledged || null;
    });
    if (!isSent) {
      await call(`${control}/closeView`, { json: { userId, viewId } }).catch(() => undefined);
      return false;
    }
    return until(async () => ((await look(opened.id)).current ? true : null));
  };
}

/** Each message of the app in those channels as JSON, as these people see it now. */
export async function listAnswers(
  urls: { slack: string; discord: string },
  slackUserIds: readonly string[],
  discordUserId: string,
): Promise<string[]> {
  const inSlack = await Promise.all(
    slackUserIds.map((userId) =>
      call<{ userId: string; ts: string }[]>(
        `${urls.slack}/_control/messages?userId=${userId}&channelId=${CHANNELS.slack}`,
      ),
    ),
  );
  const inDiscord = await call<{ author: { bot?: boolean } }[]>(
    `${urls.discord}/_control/messages?userId=${discordUserId}&channelId=${CHANNELS.discord}`,
  );
  // Those that are not for one person alone are seen by each.
  const bySlackTime = new Map(inSlack.flat().map((message) => [message.ts, message]));
  return [
    ...[...bySlackTime.values()].filter(({ userId }) => !slackUserIds.includes(userId)),
    ...inDiscord.filter(({ author }) => author.bot),
  ].map((message) => JSON.stringify(message));
}

function upload<T>(control: string, about: Record<string, string>): Promise<T> {
  const body = new TextEncoder().encode('The plan.');
  return call<T>(`${control}/files?${new URLSearchParams(about)}`, { method: 'POST', body });
}

async function until(look: () => Promise<boolean | null>): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const seen = await look();
    if (seen !== null) return seen;
    await wait(EVERY_MS);
  }
  return false;
}
