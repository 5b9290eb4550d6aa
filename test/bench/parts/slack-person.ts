import { setTimeout as wait } from 'node:timers/promises';
import { call } from '../../../local/demo/entrance.js';
import { postFile } from './files.js';

const ADA = 'U0ADA00001';
const CHANNEL = 'C0GENERAL1';
const PATIENCE_MS = 20_000;

interface Seen {
  failed: string | null;
  ackAtMs: number | null;
  current: { blocks?: { elements?: { action_id?: string; text?: { text?: string } }[] }[] } | null;
}

/** Ada, in the channel of the local Slack that has the app. */
export function slackPerson(url: string) {
  const control = `${url}/_control`;
  const act = <T>(name: string, json: object): Promise<T> =>
    call<T>(`${control}/${name}`, { json: { userId: ADA, channelId: CHANNEL, ...json } });
  const look = (id: string): Promise<Seen> => call<Seen>(`${control}/interactions/${id}`);

  return {
    /** Posts a file into the channel. @returns its id */
    async post(path: string, name: string): Promise<string> {
      const about = { userId: ADA, channelId: CHANNEL, name, mimetype: 'application/octet-stream' };
      return (await postFile<{ fileId: string }>(url, about, path)).fileId;
    },

    /** Deletes a file, so that later cards leave it out. */
    async remove(fileId: string): Promise<void> {
      await act('setFileState', { fileId, state: 'deleted' });
    },

    /** Types `/share` with an address. @returns the interaction */
    async type(email: string): Promise<string> {
      return (await act<{ id: string }>('runCommand', { command: '/share', text: email })).id;
    },

    /** How long the app took to acknowledge, in ms. @throws Error where Slack showed a failure */
    async acknowledgedAfter(id: string): Promise<number> {
      return until('an acknowledgement', async () => (await lookAlive(id)).ackAtMs);
    },

    /** Types `/share` until the card names the file. @returns what presses its Send */
    async prepare(email: string, name: string): Promise<() => Promise<void>> {
      return until(`a card with ${name}`, async () => {
        const id = await this.type(email);
        const card = await until('an answer', async () => (await lookAlive(id)).current);
        const buttons = (card.blocks ?? []).flatMap((block) => block.elements ?? []);
        const send = buttons.find((button) => button.text?.text === 'Send');
        // The file's event may still be on its way to the bot.
        if (!send || !JSON.stringify(card).includes(name)) return null;
        return async () => {
          await act('pressButton', { actionId: send.action_id, interactionId: id });
        };
      });
    },

    /** Where the app would fetch a file from. */
    fileUrl: (fileId: string, name: string): string =>
      `${url}/files-pri/T0ACME0001-${fileId}/download/${name}`,
  };

  async function lookAlive(id: string): Promise<Seen> {
    const seen = await look(id);
    if (seen.failed) throw new Error(`Slack shows: ${seen.failed}`);
    return seen;
  }
}

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const seen = await look();
    if (seen !== null) return seen;
    await wait(50);
  }
  throw new Error(`${what} did not come`);
}
