import { appManifest } from './manifest.js';
import { startSlack } from './start-slack.js';

const { LOCAL_SLACK_MANIFEST: manifest } = process.env;

const slack = await startSlack({
  port: Number(process.env.LOCAL_SLACK_PORT ?? 0),
  dataDir: setting('LOCAL_SLACK_DATA_DIR'),
  botToken: setting('LOCAL_SLACK_BOT_TOKEN'),
  appToken: setting('LOCAL_SLACK_APP_TOKEN'),
  ...(manifest && { manifest: appManifest.parse(JSON.parse(manifest)) }),
});
console.log(`ready ${slack.url}`);

for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  process.once(signal, () => {
    void slack.close().then(() => process.exit(0));
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
