import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { discordPerson } from './parts/discord-person.js';
import { hashStored, makeFile, storageClient, type BenchFile } from './parts/files.js';
import { readMemory } from './parts/process-figures.js';
import { median, printFact, printFigure, printHeading } from './parts/report.js';
import { slackPerson } from './parts/slack-person.js';
import { waitUntilStored, type StoredShare } from './parts/stored-share.js';
import { withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const PAIRS = 3;

/** A large file of a platform, as the worker and as lib-storage get it from the same host into the same storage. */
interface Source {
  shareWith(email: string): Promise<void>;
  fetch(): Promise<Response>;
}

await withFolder(async (folder) => {
  const fromSlack = await makeFile(join(folder, 'slack.bin'), 1024);
  await withStack({}, (stack) => measure('Slack', stack, fromSlack, slackSource));
  // Discord's people can upload no more than 500 MiB.
  const fromDiscord = await makeFile(join(folder, 'discord.bin'), 480);
  await withStack({}, (stack) => measure('Discord', stack, fromDiscord, discordSource));
});

/** Stores the file by turns through the product and with the SDK's Upload, and compares. */
async function measure(
  platform: string,
  stack: BenchStack,
  file: BenchFile,
  open: (stack: BenchStack, file: BenchFile) => Promise<Source>,
): Promise<void> {
  const mib = file.sizeBytes / 1024 ** 2;
  printHeading(`chat-file: ${mib} MiB from ${platform}, stored by the worker`, [
    `against lib-storage's Upload (defaults, no hash) of the same bytes from the same host to the same local S3, ${PAIRS} pairs by turns`,
    'the worker: from the accepted share to READY in the database, its queue and its SHA-256 included',
  ]);
  const { worker } = stack.pids;
  const source = await open(stack, file);
  const idle = await readMemory(worker);
  const ratios: number[] = [];
  const peaks: number[] = [];
  let last: StoredShare | undefined;
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const store = async (): Promise<number> => {
      const email = `pair${pair}@example.com`;
      await source.shareWith(email);
      last = await waitUntilStored(stack, email);
      peaks.push((await readMemory(worker)).peakMib);
      return last.seconds;
    };
    const upload = (): Promise<number> => timeUpload(stack, source);
    const isWorkerFirst = pair % 2 === 0;
    const [one, other] = isWorkerFirst ? [await store(), await upload()] : [await upload(), await store()];
    const [ours, theirs] = isWorkerFirst ? [one, other] : [other, one];
    ratios.push(theirs / ours);
    console.log(
      `  pair ${pair + 1}: worker ${(mib / ours).toFixed(0)} MiB/s, lib-storage ${(mib / theirs).toFixed(0)} MiB/s`,
    );
  }
  printFigure('throughput, worker / lib-storage, median', median(ratios), '', { atLeast: 0.9 });
  printFigure('worker RSS, idle after start', idle.nowMib, 'MiB');
  printFigure('worker peak RSS since its start, after the first file', peaks[0] ?? 0, 'MiB', { atMost: 140 });
  printFigure(`worker peak RSS since its start, after ${PAIRS} files`, peaks.at(-1) ?? 0, 'MiB', {
    atMost: 140,
  });
  printFact('SHA-256 of source, row and stored object are equal', await isEqual(stack, file, last));
}

async function timeUpload(stack: BenchStack, source: Source): Promise<number> {
  const { client, bucket } = storageClient(stack);
  const startedAt = performance.now();
  const { body } = await source.fetch();
  if (!body) throw new Error('the host answered without a body');
  const Body = Readable.fromWeb(body);
  await new Upload({ client, params: { Bucket: bucket, Key: 'bench/lib-storage', Body } }).done();
  const seconds = (performance.now() - startedAt) / 1000;
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'bench/lib-storage' }));
  client.destroy();
  return seconds;
}

async function isEqual(
  stack: BenchStack,
  file: BenchFile,
  stored: StoredShare | undefined,
): Promise<boolean> {
  if (!stored) return false;
  return stored.sha256 === file.sha256 && (await hashStored(stack, stored.storageKey)) === file.sha256;
}

async function slackSource({ urls, productEnv }: BenchStack, { path }: BenchFile): Promise<Source> {
  const ada = slackPerson(urls.slack);
  const fileId = await ada.post(path, 'large.bin');
  const headers = { authorization: `Bearer ${productEnv['SLACK_BOT_TOKEN'] ?? ''}` };
  return {
    shareWith: async (email) => (await ada.prepare(email, 'large.bin'))(),
    fetch: () => fetch(ada.fileUrl(fileId, 'large.bin'), { headers }),
  };
}

async function discordSource({ urls }: BenchStack, { path }: BenchFile): Promise<Source> {
  const ada = discordPerson(urls.discord);
  const file = await ada.upload(path, 'large.bin');
  return {
    async shareWith(email) {
      await ada.send(await ada.share(file.id, email));
    },
    fetch: () => fetch(file.url),
  };
}
