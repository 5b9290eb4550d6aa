import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { discordPerson, type DiscordPerson } from './parts/discord-person.js';
import { makeFile } from './parts/files.js';
import { median, printFigure, printHeading, quantile } from './parts/report.js';
import { slackPerson } from './parts/slack-person.js';
import { waitUntilStored } from './parts/stored-share.js';
import { withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const COMMANDS = 200;
const EVERY_MS = 50;
const SHARES_AT_ONCE = 20;
const LOAD_MIB = 8;

await withFolder(async (folder) => {
  const large = await makeFile(join(folder, 'large.bin'), LOAD_MIB);
  const small = await makeFile(join(folder, 'small.bin'), 1);
  await withStack({}, async (stack) => {
    printHeading(`ack: how soon /share is acknowledged while ${SHARES_AT_ONCE} shares are being stored`, [
      `${COMMANDS} commands a platform, one every ${EVERY_MS} ms; meanwhile ${SHARES_AT_ONCE} people share ${LOAD_MIB} MiB each`,
      'through Discord, and again as soon as it is stored; the worker stores 4 at a time, as by default',
      'Slack: /share with an address, to the acknowledgement; Discord: /share with a 1 MiB file, to the deferral',
    ]);
    const ada = discordPerson(stack.urls.discord);
    const slack = slackPerson(stack.urls.slack);
    const discordFile = await ada.upload(small.path, 'small.bin');
    await slack.post(small.path, 'small.bin');
    const load = startLoad(stack, ada, (await ada.upload(large.path, 'large.bin')).id);

    await load.isFull();
    await measure(
      'Slack',
      stack,
      (n) => slack.type(`slack${n}@example.com`),
      (id) => slack.acknowledgedAfter(id),
    );
    await measure(
      'Discord',
      stack,
      (n) => ada.share(discordFile.id, `discord${n}@example.com`),
      (id) => ada.deferredAfter(id),
    );
    const { stored, seconds } = await load.stop();
    console.log(`  stored meanwhile: ${stored} shares of ${LOAD_MIB} MiB in ${seconds.toFixed(0)} s`);
  });
});

/** Sends commands at an even rate, whatever becomes of them, then asks how long each took. */
async function measure(
  platform: string,
  stack: BenchStack,
  send: (n: number) => Promise<string>,
  tookMs: (id: string) => Promise<number>,
): Promise<void> {
  const startedAt = performance.now();
  const sent: Promise<string>[] = [];
  const underWay: number[] = [];
  for (let n = 0; n < COMMANDS; n += 1) {
    await wait(Math.max(0, startedAt + n * EVERY_MS - performance.now()));
    sent.push(send(n));
    if (n % 20 === 0) underWay.push(await countUnderWay(stack));
  }
  const ids = await Promise.all(sent);
  const seconds = (performance.now() - startedAt) / 1000;
  const times: number[] = [];
  for (const id of ids) times.push(await tookMs(id));
  printFigure(
    `${platform}: p99 of ${COMMANDS} (${(COMMANDS / seconds).toFixed(0)} a second)`,
    quantile(times, 0.99),
    'ms',
    {
      atMost: 500,
    },
  );
  printFigure(`${platform}: median`, median(times), 'ms');
  printFigure(`${platform}: longest`, Math.max(...times), 'ms');
  printFigure(`${platform}: shares being stored or waiting for it, median`, median(underWay), '');
}

/** People who share, wait for READY, and share again, until `stop`. */
function startLoad(stack: BenchStack, ada: DiscordPerson, fileId: string) {
  const startedAt = performance.now();
  let isStopping = false;
  let stored = 0;
  const people = Array.from({ length: SHARES_AT_ONCE }, async (_, person) => {
    for (let turn = 0; !isStopping; turn += 1) {
      const email = `load${person}.${turn}@example.com`;
      await ada.share(fileId, email);
      await waitUntilStored(stack, email);
      stored += 1;
    }
  });
  const ended = Promise.all(people);
  ended.catch(() => undefined);
  return {
    async isFull(): Promise<void> {
      while (stored === 0) await Promise.race([wait(50), ended]);
    },
    async stop() {
      const seconds = (performance.now() - startedAt) / 1000;
      const storedMeanwhile = stored;
      isStopping = true;
      await ended;
      return { stored: storedMeanwhile, seconds };
    },
  };
}

async function countUnderWay({ db }: BenchStack): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM share WHERE state IN ('RECEIVED', 'STORING')`,
  );
  return rows[0]?.count ?? 0;
}
