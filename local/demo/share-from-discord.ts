import { call, waitFor, type Sent } from './entrance.js';

const ADA = '100100000000000001';
const GUILD = '200000000000000001';
const CHANNEL = '300000000000000001';

interface Seen {
  failed: boolean;
  message: { components: { components: { custom_id?: string; label?: string }[] }[] } | null;
}

/** As Ada in Discord: `/share` with an attachment and an address, and Send on the card that names both. */
export async function shareFromDiscord(discord: string, sent: Sent): Promise<void> {
  const control = `${discord}/_control`;
  const about = new URLSearchParams({
    userId: ADA,
    channelId: CHANNEL,
    name: sent.name,
    contentType: 'application/octet-stream',
  });
  const file = await call<{ id: string }>(`${control}/files?${about}`, {
    method: 'POST',
    body: new Uint8Array(sent.bytes),
  });
  const command = {
    userId: ADA,
    channelId: CHANNEL,
    guildId: GUILD,
    command: 'share',
    options: { file: file.id, emails: sent.to },
  };
  const { interactionId } = await call<{ interactionId: string }>(`${control}/invokeCommand`, {
    json: command,
  });
  const customId = await waitFor('the card with Send', async () => {
    const { failed, message } = await call<Seen>(`${control}/interactions/${interactionId}`);
    if (failed) throw new Error('Discord shows: the application did not respond');
    const buttons = message?.components.flatMap((row) => row.components) ?? [];
    return buttons.find(({ label }) => label === 'Send')?.custom_id ?? null;
  });
  await call(`${control}/pressButton`, { json: { userId: ADA, interactionId, customId } });
}
