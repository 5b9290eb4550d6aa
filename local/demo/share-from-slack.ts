import { call, waitFor, type Sent } from './entrance.js';

const ADA = 'U0ADA00001';
const CHANNEL = 'C0GENERAL1';

interface SeenInteraction {
  failed: string | null;
  current: { blocks?: { elements?: { action_id?: string; text?: { text?: string } }[] }[] } | null;
}

/** As Ada in Slack: posts a file, types `/share` with an address, and presses Send on the card that names the file. */
export async function shareFromSlack(slack: string, sent: Sent): Promise<void> {
  const control = `${slack}/_control`;
  const about = new URLSearchParams({
    userId: ADA,
    channelId: CHANNEL,
    name: sent.name,
    mimetype: 'application/octet-stream',
  });
  await call(`${control}/files?${about}`, { method: 'POST', body: new Uint8Array(sent.bytes) });
  const interactionId = await waitFor('the card with the file', async () => {
    const command = { userId: ADA, channelId: CHANNEL, command: '/share', text: sent.to };
    const { id } = await call<{ id: string }>(`${control}/runCommand`, { json: command });
    const card = await waitFor('an answer to /share', async () => {
      const seen = await call<SeenInteraction>(`${control}/interactions/${id}`);
      if (seen.failed) throw new Error(`Slack shows: ${seen.failed}`);
      return seen.current;
    });
    // The file's event may still be on its way to the bot.
    return JSON.stringify(card).includes(sent.name) ? id : null;
  });
  const { current } = await call<SeenInteraction>(`${control}/interactions/${interactionId}`);
  const buttons = (current?.blocks ?? []).flatMap((block) => block.elements ?? []);
  const send = buttons.find((button) => button.text?.text === 'Send');
  if (!send?.action_id) throw new Error('the card has no Send button');
  await call(`${control}/pressButton`, { json: { userId: ADA, actionId: send.action_id, interactionId } });
}
