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

/** Grace and Alan of the local Discord, whom the seed links to nobody. */
const COLLEAGUES = ['100200000000000002', '100300000000000003'];

await withFolder(async (folder) => {
  const large = await makeFile(join(folder, 'large.bin'), LOAD_MIB);
  const small = await makeFile(join(folder, 'small.bin'), 1);
  await withStack({}, async (stack) => {
    printHeading(`ack: how soon /share is acknowledged while ${SHARES_AT_ONCE} shares are being stored`, [
      `${COMMANDS} commands a platform, one every ${EVERY_MS} ms; meanwhile two colleagues keep ${SHARES_AT_ONCE} shares of ${LOAD_MIB} MiB`,
      'under way through Discord, a new one for each that is stored; the worker stores 4 at a time, as by default',
      'Slack: /share with an address, to the acknowledgement; Discord: /share with a 1 MiB file, to the deferral',
    ]);
    const ada = discordPerson(stack.urls.discord);
    const slack = slackPerson(stack.urls.slack);
    const discordFile = await ada.upload(small.path, 'small.bin');
    await slack.post(small.path, 'small.bin');
    const load = await startLoad(stack, large.path);

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
    const { stored, refused, seconds } = await load.stop();
    console.log(
      `  stored meanwhile: ${stored} shares of ${LOAD_MIB} MiB in ${seconds.toFixed(0)} s; not within 30 s: ${refused}`,
    );
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

/** Shares that are wanted, waited for and wanted anew, until `stop`. A share that is refused is wanted anew, too. */
async function startLoad(stack: BenchStack, path: string) {
  const startedAt = performance.now();
  let isStopping = false;
  let stored = 0;
  let refused = 0;
  const keepSharing = async (person: DiscordPerson, fileId: string, name: string): Promise<void> => {
    for (let turn = 0; !isStopping; turn += 1) {
      const email = `${name}.${turn}@example.com`;
      await person.send(await person.share(fileId, email));
      await waitUntilStored(stack, email, 30_000).then(
        () => (stored += 1),
        () => (refused += 1),
      );
    }
  };
  const loops: Promise<void>[] = [];
  for (const userId of COLLEAGUES) {
    await link(stack, userId);
    const person = discordPerson(stack.urls.discord, userId);
    const { id } = await person.upload(path, 'large.bin');
    for (let n = 0; n < SHARES_AT_ONCE / COLLEAGUES.length; n += 1) {
      loops.push(keepSharing(person, id, `load${userId}.${n}`));
    }
  }
  const ended = Promise.all(loops);
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
      return { stored: storedMeanwhile, refused, seconds };
    },
  };
}

/** Gives somebody of Discord a confirmed account. */
async function link({ db }: BenchStack, userId: string): Promise<void> {
  const email = `${userId}@example.com`;
  await db.query(
    `WITH person AS (
       INSERT INTO account (id, first_name, last_name, email, email_key, password_hash, confirmed_at)
       VALUES (gen_random_uuid(), 'Some', 'Colleague', $1, $1, 'none', now()) RETURNING id)
     INSERT INTO chat_identity (id, account_id, platform, workspace_id, user_id, user_name, workspace_name)
     SELECT gen_random_uuid(), id, 'DISCORD', '', $2, 'colleague', 'Discord' FROM person`,
    [email, userId],
  );
}

async function countUnderWay({ db }: BenchStack): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM share WHERE state IN ('RECEIVED', 'STORING')`,
  );
  return rows[0]?.count ?? 0;
}
