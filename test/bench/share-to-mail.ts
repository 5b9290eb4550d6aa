import { join } from 'node:path';
import { hasRedis, REDIS_HINT, startRedis } from '../support/start-redis.js';
import { discordPerson } from './parts/discord-person.js';
import { makeFile } from './parts/files.js';
import { median, printFigure, printHeading, quantile } from './parts/report.js';
import { slackPerson } from './parts/slack-person.js';
import { waitForMail } from './parts/stored-share.js';
import { withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const ROUNDS = 30;

/** Prepares a share to that address. @returns what the person then presses */
type Prepare = (email: string) => Promise<() => Promise<unknown>>;

await withFolder(async (folder) => {
  const { path } = await makeFile(join(folder, 'plan.bin'), 1);
  await withStack({}, (stack) => measureBoth(stack, path, 'Postgres'));
  if (!hasRedis()) {
    console.log(`\nshare-to-mail on Redis: not measured, ${REDIS_HINT}`);
    return;
  }
  const redis = await startRedis();
  try {
    await withStack({ REDIS_URL: redis.url }, (stack) => measureBoth(stack, path, 'Redis'));
  } finally {
    await redis.close();
  }
});

async function measureBoth(stack: BenchStack, path: string, queue: string): Promise<void> {
  const ada = discordPerson(stack.urls.discord);
  const { id } = await ada.upload(path, 'plan.bin');
  await measure(stack, `Discord, from /share with Send at once, queue on ${queue}`, (email) =>
    Promise.resolve(async () => ada.send(await ada.share(id, email))),
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
