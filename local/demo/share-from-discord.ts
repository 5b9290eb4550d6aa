import { call, waitFor, type Sent } from './entrance.js';

const ADA = '100100000000000001';
const GUILD = '200000000000000001';
const CHANNEL = '300000000000000001';

/** As Ada in Discord: `/share` with an attachment and an address. */
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
  await waitFor('an answer to /share', async () => {
    const seen = await call<{ failed: unknown; acknowledged: boolean }>(
      `${control}/interactions/${interactionId}`,
    );
    if (seen.failed) throw new Error(`Discord shows: ${JSON.stringify(seen.failed)}`);
    return seen.acknowledged ? true : null;
  });
}
