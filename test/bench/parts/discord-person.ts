import { setTimeout as wait } from 'node:timers/promises';
import { call } from '../../../local/demo/entrance.js';
import { snowflakeTimeMs } from '../../../local/discord/world.js';
import { postFile } from './files.js';

/** Linked to the seeded account, with Nitro: 500 MiB a file. */
const ADA = '100100000000000001';
const GUILD = '200000000000000001';
const CHANNEL = '300000000000000001';

interface Seen {
  failed: boolean;
  message: { id: string; components: { components: { custom_id?: string; label?: string }[] }[] } | null;
}

export type DiscordPerson = ReturnType<typeof discordPerson>;

/** Somebody, Ada unless told, in the channel of the local Discord that has the app. */
export function discordPerson(url: string, userId = ADA) {
  const control = `${url}/_control`;
  return {
    /** Uploads a file for commands. @returns its id and where it lies */
    async upload(path: string, name: string): Promise<{ id: string; url: string }> {
      const about = { userId, channelId: CHANNEL, name, contentType: 'application/octet-stream' };
      return postFile(url, about, path);
    },

    /** `/share` with one file to one address. @returns the interaction */
    async share(file: string, emails: string): Promise<string> {
      const command = {
        userId,
        channelId: CHANNEL,
        guildId: GUILD,
        command: 'share',
        options: { file, emails },
      };
      return (await call<{ interactionId: string }>(`${control}/invokeCommand`, { json: command }))
        .interactionId;
    },

    /** Send on the card that `/share` is answered with. */
    async send(interactionId: string): Promise<void> {
      for (;;) {
        const { failed, message } = await call<Seen>(`${control}/interactions/${interactionId}`);
        if (failed) throw new Error('Discord shows: the application did not respond');
        const buttons = message?.components.flatMap((row) => row.components) ?? [];
        const customId = buttons.find(({ label }) => label === 'Send')?.custom_id;
        if (customId) {
          await call(`${control}/pressButton`, { json: { userId, interactionId, customId } });
          return;
        }
        await wait(10);
      }
    },

    /**
     * How long the app took to defer, in ms: ids of Discord hold the time when they were made, and the message
     * that says "thinking" is made by the deferral. @throws Error where Discord showed a failure
     */
    async deferredAfter(interactionId: string): Promise<number> {
      for (;;) {
        const { failed, message } = await call<Seen>(`${control}/interactions/${interactionId}`);
        if (failed) throw new Error('Discord shows: the application did not respond');
        if (message) return snowflakeTimeMs(message.id) - snowflakeTimeMs(interactionId);
        await wait(50);
      }
    },
  };
}
