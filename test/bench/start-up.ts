import { rm } from 'node:fs/promises';
import { median, printFigure, printHeading } from './parts/report.js';
import { chooseEnvironment, startProcess, withFolder } from './parts/with-stack.js';

const ROUNDS = 3;

/** How long `npm start` takes, its build included, until everything is ready: on a new data folder, and again on it. */
const first: number[] = [];
const second: number[] = [];
printHeading('start-up: from `npm start` to "Passalong is ready"', [
  `after npm ci; dist/ removed before each first start; median of ${ROUNDS}; files in the page cache`,
]);
for (let round = 0; round < ROUNDS; round += 1) {
  await rm('dist', { recursive: true, force: true });
  await withFolder(async (dataDir) => {
    const env = await chooseEnvironment(dataDir);
    first.push(await timeStart(env));
    second.push(await timeStart(env));
  });
}
printFigure('first start', median(first), 's', { atMost: 8 });
printFigure('second start', median(second), 's', { atMost: 4 });
console.log(`  all: first ${list(first)}; second ${list(second)}`);

async function timeStart(env: Record<string, string>): Promise<number> {
  const started = await startProcess(['npm', 'start'], env);
  await started.stop();
  return started.seconds;
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(', ');
}
