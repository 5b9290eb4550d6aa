import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createStorage } from '../../adapters/storage.js';
import { readEnv, environment, storageFrom } from '../../core/config.js';
import type { FileStore } from '../../core/ports.js';
import { fakeLog } from '../support/fakes.js';
import { getBuilt } from '../support/get-built.js';
import { makeFile } from './parts/files.js';
import { median, printFact, printFigure, printHeading } from './parts/report.js';
import { readMemory } from './parts/process-figures.js';
import { slackPerson } from './parts/slack-person.js';
import { waitForMail, waitUntilStored } from './parts/stored-share.js';
import { withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const FILE_MIB = 256;
const ROUNDS = 5;
const SHARES = 4;

process.env['AWS_REGION'] ??= 'us-east-1';

await withStack({ S3_MIRRORS: '1' }, async (stack) => {
  printHeading(`storage-mirrors: RAID-1 of two local S3 servers, each a process, files of ${FILE_MIB} MiB`, [
    `writes and reads by turns with one bucket and with its mirror, ${ROUNDS} rounds, in this process`,
  ]);
  await measureThroughput(stack);
  await measureMending(stack);
  await measureLoss(stack);
});

/** Through the product's own store, with the primary alone and with both. */
async function measureThroughput({ productEnv }: BenchStack): Promise<void> {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: productEnv['AWS_ACCESS_KEY_ID'],
    AWS_SECRET_ACCESS_KEY: productEnv['AWS_SECRET_ACCESS_KEY'],
  });
  const [primary, ...mirrors] = storageFrom(readEnv(environment.storage, productEnv));
  const single = createStorage([primary], fakeLog()).files;
  const both = createStorage([primary, ...mirrors], fakeLog()).files;
  const chunk = randomBytes(256 * 1024);
  const times = { write: { single: [], both: [] }, read: { single: [], both: [] } } as Record<
    'write' | 'read',
    Record<'single' | 'both', number[]>
  >;
  const stores = { single, both };
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? (['single', 'both'] as const) : (['both', 'single'] as const);
    const put = (name: 'single' | 'both') =>
      stores[name].put(`bench/${round}-${name}`, fileOf(chunk), FILE_MIB * 1024 ** 2);
    for (const name of order) times.write[name].push(await time(() => put(name)));
    // The same object, several times: one reading alone is as fast as the machine's caches are at that moment.
    for (const name of [...order, ...order.toReversed(), ...order]) {
      times.read[name].push(await time(() => drain(stores[name], `bench/${round}-both`)));
    }
    await both.deleteAll(`bench/${round}-`);
  }
  const ratioOf = ({ single: alone, both: mirrored }: Record<'single' | 'both', number[]>): number =>
    median(alone) / median(mirrored);
  for (const [what, { single: alone, both: mirrored }] of Object.entries(times)) {
    const [fastAlone, fastMirrored] = [alone, mirrored].map((each) => (FILE_MIB / median(each)).toFixed(0));
    console.log(`  ${what}: ${fastAlone} MiB/s alone, ${fastMirrored} MiB/s with its mirror`);
  }
  printFigure('write throughput, with a mirror / one bucket, medians', ratioOf(times.write), '', {
    atLeast: 0.45,
  });
  printFigure('read throughput, with a mirror / one bucket, medians', ratioOf(times.read), '', {
    atLeast: 0.95,
  });
}

/** Shares of large files, a mirror wiped, and `npm run storage` to fill it and to check all. */
async function measureMending(stack: BenchStack): Promise<void> {
  const ada = slackPerson(stack.urls.slack);
  await withFolder(async (folder) => {
    const { path } = await makeFile(join(folder, 'large.bin'), FILE_MIB);
    await ada.post(path, 'large.bin');
    for (let share = 0; share < SHARES; share += 1) {
      await (
        await ada.prepare(`mend${share}@example.com`, 'large.bin')
      )();
      await waitUntilStored(stack, `mend${share}@example.com`);
    }
  });
  const { members } = createStorage(storageFrom(readEnv(environment.storage, stack.productEnv)), fakeLog());
  await members[1]?.deleteAll('shares/');
  const rebuilt = await runStorage(stack, 'rebuild', 'mirror-1');
  const { copiedBytes, seconds } = rebuilt.report as { copiedBytes: number; seconds: number };
  printFact(
    `rebuild gives a wiped mirror all of ${SHARES} × ${FILE_MIB} MiB`,
    copiedBytes === SHARES * FILE_MIB * 1024 ** 2,
  );
  printFigure('rebuild', copiedBytes / 1024 ** 2 / seconds, 'MiB/s', { atLeast: 20 });
  const scrubbed = await runStorage(stack, 'scrub');
  const { files, wrong, missing } = scrubbed.report as Record<string, number>;
  printFact('scrub reads all, and finds every copy right', files === SHARES && wrong === 0 && missing === 0);
  printFigure('scrub, peak RSS of its process', scrubbed.peakMib, 'MiB', { atMost: 60 });
}

/** By `npm run storage`, whose work is done by a process of its own: that one is watched. */
async function runStorage(
  { productEnv }: BenchStack,
  ...args: string[]
): Promise<{ report: unknown; peakMib: number }> {
  const child = spawn(process.execPath, [await getBuilt('storage.js'), ...args, '--json'], {
    env: { ...productEnv, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let peakMib = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const look = async (): Promise<void> => {
    const [worker] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
    peakMib = (await readMemory(Number(worker))).peakMib;
  };
  const watch = setInterval(() => {
    // Before it has begun, and once it has ended, there is nothing to read.
    look().catch(() => undefined);
  }, 50);
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(watch);
  if (code !== 0) throw new Error(`storage ${args.join(' ')} ended with ${code}: ${output}`);
  return { report: JSON.parse(output), peakMib };
}

/** A share while one member refuses everything: the primary, and then the mirror. */
async function measureLoss(stack: BenchStack): Promise<void> {
  const ada = slackPerson(stack.urls.slack);
  await withFolder(async (folder) => {
    const { path } = await makeFile(join(folder, 'small.bin'), 1);
    await ada.post(path, 'small.bin');
  });
  const members = storageFrom(readEnv(environment.storage, stack.productEnv));
  for (const { name, endpoint = '', bucket } of members) {
    const setFault = async (failBuckets: object): Promise<void> => {
      await fetch(`${endpoint}/_control/faults`, { method: 'PUT', body: JSON.stringify({ failBuckets }) });
    };
    await setFault({ [bucket]: 'down' });
    const email = `without.${name}@example.com`;
    const press = await ada.prepare(email, 'small.bin');
    const pressedAt = Date.now();
    await press();
    const mailedAt = await waitForMail(stack, email);
    printFigure(`1 MiB from Slack, ${name} down: from Send to the mail`, mailedAt - pressedAt, 'ms');
    await setFault({});
  }
  printFact('a share is accepted and mailed with one member down', true);
}

function fileOf(chunk: Buffer): Readable {
  const pieces = (FILE_MIB * 1024 ** 2) / chunk.length;
  return Readable.from(
    (function* () {
      for (let piece = 0; piece < pieces; piece += 1) yield chunk;
    })(),
    { objectMode: false },
  );
}

async function drain(store: FileStore, key: string): Promise<void> {
  const { bytes } = await store.open(key);
  for await (const chunk of bytes) if (chunk === null) return;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
