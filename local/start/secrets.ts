import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What a first start makes up and every later one goes on with. */
export interface Secrets {
  accessKeyId: string;
  secretAccessKey: string;
  linkSecret: string;
  sessionSecret: string;
  slackBotToken: string;
  slackAppToken: string;
  discordToken: string;
  seedPassword: string;
}

/** Reads `secrets.json` of the data folder, or makes it: readable by its owner alone. */
export async function loadSecrets(dataDir: string): Promise<{ secrets: Secrets; isFirstStart: boolean }> {
  const file = path.join(dataDir, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text) return { secrets: JSON.parse(text) as Secrets, isFirstStart: false };
  const secrets: Secrets = {
    accessKeyId: `LOCAL${random(8).toUpperCase()}`,
    secretAccessKey: random(20),
    linkSecret: random(32),
    sessionSecret: random(32),
    slackBotToken: `xoxb-local-${random(12)}`,
    slackAppToken: `xapp-local-${random(12)}`,
    discordToken: `local.${random(24)}`,
    seedPassword: `${random(3)}-${random(3)}-${random(3)}`,
  };
  await writeFile(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return { secrets, isFirstStart: true };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
