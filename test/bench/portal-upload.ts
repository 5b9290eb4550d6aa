import { join } from 'node:path';
import { hashStored, makeFile, type BenchFile } from './parts/files.js';
import { readMemory, readTraffic, resetPeak } from './parts/process-figures.js';
import { printFact, printFigure, printHeading } from './parts/report.js';
import { openPortalInChromium } from './parts/portal-in-chromium.js';
import { openPortalAsClient } from './parts/portal-as-client.js';
import type { PortalVisit } from './parts/portal-visit.js';
import { waitUntilStored } from './parts/stored-share.js';
import { withFolder, withStack, type BenchStack } from './parts/with-stack.js';

const MIB = 1024 ** 2;

await withFolder(async (folder) => {
  const file = await makeFile(join(folder, 'large.bin'), 1024);
  await withStack({}, (stack) =>
    measure('Chromium with the form of the portal', stack, file, openPortalInChromium),
  );
  await withStack({}, (stack) =>
    measure('a plain client, 16 MiB parts, 4 at once', stack, file, openPortalAsClient),
  );
});

async function measure(
  visitor: string,
  stack: BenchStack,
  file: BenchFile,
  open: (stack: BenchStack) => Promise<PortalVisit>,
): Promise<void> {
  printHeading(`portal-upload: ${file.sizeBytes / MIB} MiB by ${visitor}`, [
    'a portal just started; the peak is reset after sign-in, whose argon2id takes 19 MiB for a moment',
  ]);
  const { portal } = stack.pids;
  const idle = await readMemory(portal);
  const visit = await open(stack);
  const signedIn = await readMemory(portal);
  await resetPeak(portal);
  const before = await readTraffic(portal);
  const startedAt = performance.now();
  try {
    await visit.upload(file, 'upload@example.com');
  } finally {
    await visit.close();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const stored = await waitUntilStored(stack, 'upload@example.com');
  const after = await readMemory(portal);
  const passedMib = ((await readTraffic(portal)) - before) / MIB;
  printFigure('upload', file.sizeBytes / MIB / seconds, 'MiB/s');
  printFigure('portal RSS, idle after start', idle.nowMib, 'MiB');
  printFigure('portal peak RSS during the upload', after.peakMib, 'MiB', { atMost: 120 });
  printFigure(
    'portal peak RSS since its start, sign-in included',
    Math.max(signedIn.peakMib, after.peakMib),
    'MiB',
    {
      atMost: 120,
    },
  );
  printFigure('all that the portal read and wrote meanwhile', passedMib, 'MiB');
  printFact(
    'no file byte through the portal (less than 1 % of the file)',
    passedMib < file.sizeBytes / MIB / 100,
  );
  const isEqual =
    stored.sha256 === file.sha256 && (await hashStored(stack, stored.storageKey)) === file.sha256;
  printFact('SHA-256 of source, row and stored object are equal', isEqual);
}
