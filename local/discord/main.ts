import { startDiscord } from './start-discord.js';

const { LOCAL_DISCORD_PORT, LOCAL_DISCORD_DATA_DIR, LOCAL_DISCORD_TOKEN, LOCAL_DISCORD_APPLICATION_ID } =
  process.env;
if (!LOCAL_DISCORD_TOKEN || !LOCAL_DISCORD_APPLICATION_ID) {
  throw new Error('LOCAL_DISCORD_TOKEN and LOCAL_DISCORD_APPLICATION_ID must be set');
}
const discord = await startDiscord({
  port: Number(LOCAL_DISCORD_PORT ?? 0),
  token: LOCAL_DISCORD_TOKEN,
  applicationId: LOCAL_DISCORD_APPLICATION_ID,
  ...(LOCAL_DISCORD_DATA_DIR && { dataDir: LOCAL_DISCORD_DATA_DIR }),
});
console.log(`ready ${discord.url}`);

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(signal, () => {
    if (isStopping) return;
    isStopping = true;
    void discord.close().then(() => process.exit(0));
  });
}
