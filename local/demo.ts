import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Running, Sent } from './demo/entrance.js';
import { fetchByLink, waitForLink } from './demo/fetch-by-link.js';
import { shareFromDiscord } from './demo/share-from-discord.js';
import { shareFromPortal } from './demo/share-from-portal.js';
import { shareFromSlack } from './demo/share-from-slack.js';

const FILE_BYTES = 3 * 1024 * 1024 + 17;

try {
  await demo();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** `npm run demo`: shares once through each entrance of a running `npm start`, and compares every byte that arrives. */
async function demo(): Promise<void> {
  const running = await readRunning();
  const { slack, discord, inbox } = running.urls;
  const entrances = [
    { name: 'Slack', share: slack ? (sent: Sent) => shareFromSlack(slack, sent) : null },
    { name: 'Discord', share: discord ? (sent: Sent) => shareFromDiscord(discord, sent) : null },
    { name: 'portal', share: (sent: Sent) => shareFromPortal(running, sent) },
  ];
  for (const { name, share } of entrances) {
    if (!share) {
      console.log(`${name.padEnd(8)} is the real one here: nobody can type there for you.`);
      continue;
    }
    const startedAt = performance.now();
    const sent = prepare(name);
    await share(sent);
    const link = await waitForLink(inbox, sent);
    const arrived = await fetchByLink(link);
    if (!arrived.equals(sent.bytes))
      throw new Error(`What came by ${link} differs from what was shared from ${name}.`);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `${name.padEnd(8)} ${sent.name} → ${sent.to}: ${arrived.length} bytes, all equal (${seconds} s)\n         ${link}`,
    );
  }
  console.log(`\nThe mails: ${inbox}`);
}

function prepare(entrance: string): Sent {
  const mark = randomBytes(4).toString('hex');
  return {
    entrance,
    name: `demo-${entrance.toLowerCase()}-${mark}.bin`,
    bytes: randomBytes(FILE_BYTES),
    to: `${entrance.toLowerCase()}-${mark}@example.com`,
  };
}

async function readRunning(): Promise<Running> {
  const file = path.join(path.resolve(process.env['DATA_DIR'] ?? '.data'), 'running.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Running;
  } catch (error) {
    throw new Error(`Nothing is running here: start it with npm start in another terminal first. (${file})`, {
      cause: error,
    });
  }
}
