import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePorts } from '../../local/start/ports.js';
import { discordPerson } from './parts/discord-person.js';
import { makeFile } from './parts/files.js';
import { median, printFigure, printHeading, quantile } from './parts/report.js';
import { slackPerson } from './parts/slack-person.js';
import { waitForMail } from './parts/stored-share.js';
import { buildStack, withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const ROUNDS = 30;

/** Prepares a share to that address. @returns what the person then presses */
type Prepare = (email: string) => Promise<() => Promise<unknown>>;

buildStack();
await withFolder(async (folder) => {
  const { path } = await makeFile(join(folder, 'plan.bin'), 1);
  await withStack({}, (stack) => measureBoth(stack, path, 'Postgres'));
  const redis = await startRedis(folder);
  if (!redis) {
    console.log('\nshare-to-mail on Redis: not measured, there is no redis-server on this machine');
    return;
  }
  try {
    await withStack({ REDIS_URL: redis.url }, (stack) => measureBoth(stack, path, 'Redis'));
  } finally {
    await redis.stop();
  }
});

async function measureBoth(stack: BenchStack, path: string, queue: string): Promise<void> {
  const ada = discordPerson(stack.urls.discord);
  const { id } = await ada.upload(path, 'plan.bin');
  await measure(stack, `Discord, from /share, queue on ${queue}`, (email) =>
    Promise.resolve(() => ada.share(id, email)),
  );

  const slack = slackPerson(stack.urls.slack);
  await slack.post(path, 'plan.bin');
  await measure(stack, `Slack, from Send, queue on ${queue}`, (email) => slack.prepare(email, 'plan.bin'));
}

async function measure(stack: BenchStack, what: string, prepare: Prepare): Promise<void> {
  printHeading(`share-to-mail: ${what}, to the mail accepted by SES`, [
    `1 MiB, one address, no undo time, ${ROUNDS} one after another, after one that starts the Lambda`,
  ]);
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const email = `round${round}.${Date.now()}@example.com`;
    const press = await prepare(email);
    const pressedAt = Date.now();
    await press();
    times.push((await waitForMail(stack, email)) - pressedAt);
  }
  const [cold = 0, ...warm] = times;
  printFigure(`median of ${ROUNDS}`, median(warm), 'ms', { atMost: 3_000 });
  printFigure('95th of 100', quantile(warm, 0.95), 'ms');
  printFigure('the first one, not counted', cold, 'ms');
}

/** A Redis of its own; null where the machine has none. */
async function startRedis(folder: string): Promise<{ url: string; stop(): Promise<void> } | null> {
  const [port = 0] = await findFreePorts(1);
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const exited = once(server, 'exit').catch(() => undefined);
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: (times) => (times < 50 ? 100 : null),
  });
  client.on('error', () => undefined);
  const isThere = await Promise.race([
    exited.then(() => false),
    client.ping().then(() => true),
    wait(10_000, false),
  ]);
  client.disconnect();
  if (!isThere) return null;
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill();
      await exited;
    },
  };
}
